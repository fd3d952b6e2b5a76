// The map in ARCHITECTURE.md, held against the code: which module may include which.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "../support/server.ts";

const foundation = ["base", "config", "telemetry", "runtime"];
const backends = ["storage", "stream", "blob", "jobs"];
const below = [...foundation, ...backends, "records"];

const allowed: Record<string, string[]> = {
  base: [],
  config: ["base"],
  telemetry: ["base"],
  runtime: ["base", "telemetry", "config"],
  storage: foundation,
  stream: foundation,
  blob: foundation,
  jobs: [...foundation, "storage"], // in_process keeps its queue in the database
  records: ["base"],
  recommender: ["base", "records"], // pure: no I/O, no clock, no thread
  evaluation: ["base", "recommender"],
  simulator: ["base", "recommender", "evaluation"],
  accounts: below,
  social: below,
  catalogue: below,
  media: below,
  feed: [...below, "recommender", "accounts", "social", "catalogue", "media"],
  workflows: [...below, "recommender", "accounts", "social", "catalogue", "media"],
  demo: [...below, "recommender", "accounts", "social", "catalogue", "media", "feed", "workflows"],
  api: [...below, "recommender", "accounts", "social", "catalogue", "media", "feed", "workflows"],
  app: [...below, "recommender", "accounts", "social", "catalogue", "media", "feed", "workflows",
    "demo", "api", "evaluation", "simulator"],
};
const domain = ["accounts", "social", "catalogue", "media", "recommender"];

// Third-party headers that belong to some modules alone.
const reserved: [RegExp, string[]][] = [
  [/^boost\/beast/, ["api"]],
  [/^boost\/json/, ["api", "media", "recommender", "evaluation", "simulator"]], // ffprobe's output; bundle.json; reports
  [/^cld2\//, ["media"]],
  [/^Eigen\//, ["evaluation"]],
  [/^hwy\//, ["recommender"]],
  [/^rocksdb\//, ["stream"]],
  [/^soci\//, ["storage", "jobs", "accounts", "social", "catalogue", "media", "workflows"]],
  [/^toml\+\+/, ["config"]],
  [/^spdlog\//, ["telemetry"]],
  [/^(thread|mutex|fstream|filesystem|chrono|random|cmath|unistd\.h)$/, []],
];
// The last row is for the pure engine alone: it must not include any of these.
const impure = reserved.pop()![0];

function* sources(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* sources(path);
    else if (/\.(h|cc)$/.test(name)) yield path;
  }
}

// Tests, and what only tests include.
const isTest = (file: string) => /(_test\.cc|_fixture\.h|_contract\.h|test_support\.(h|cc))$/.test(file);

const src = join(root, "src");
const includes = [...sources(src)].flatMap((file) => {
  const module = relative(src, file).split("/")[0];
  return [...readFileSync(file, "utf8").matchAll(/^#include ([<"])([^>"]+)[>"]/gm)]
    .map((match) => ({ file: relative(root, file), module, path: match[2], ours: match[1] === '"' }));
});

test("every module is on the map", () => {
  const unknown = readdirSync(src).filter((name) => !(name in allowed));
  assert.deepEqual(unknown, [], "add the module to the map and to ARCHITECTURE.md");
});

test("modules include only what the map allows", () => {
  const wrong = includes.filter(({ file, module, path, ours }) => {
    if (!ours) return false;
    const target = path.split("/")[0];
    if (!(target in allowed) || target === module) return false;
    if (domain.includes(module) && path === "accounts/principal.h") return false;
    // Tests may open the backends of what they test.
    if (isTest(file) && [...backends, "records"].includes(target)) return false;
    return !allowed[module].includes(target);
  });
  assert.deepEqual(wrong.map(({ file, path }) => `${file} includes ${path}`), []);
});

test("third-party headers stay in the modules that own them", () => {
  const wrong = includes.filter(({ module, path }) =>
    reserved.some(([pattern, owners]) => pattern.test(path) && !owners.includes(module)));
  assert.deepEqual(wrong.map(({ file, path }) => `${file} includes ${path}`), []);
});

test("the recommender is pure: no clock, thread, file, libm or random device", () => {
  const wrong = includes.filter(({ file, module, path }) =>
    module === "recommender" && !isTest(file) && impure.test(path));
  assert.deepEqual(wrong.map(({ file, path }) => `${file} includes ${path}`), []);
});

test("only media starts FFmpeg", () => {
  const wrong = [...sources(src)].filter((file) => {
    const module = relative(src, file).split("/")[0];
    return module !== "media" && /"(ffmpeg|ffprobe|bwrap)"/.test(readFileSync(file, "utf8"));
  });
  assert.deepEqual(wrong.map((file) => relative(root, file)), []);
});

test("backends are drivers: only app opens one", () => {
  const drivers = /^(storage\/sqlite|stream\/embedded|blob\/local|jobs\/in_process)\//;
  const wrong = includes.filter(({ file, module, path }) =>
    drivers.test(path) && module !== "app" && path.split("/")[0] !== module && !isTest(file));
  assert.deepEqual(wrong.map(({ file, path }) => `${file} includes ${path}`), []);
});
