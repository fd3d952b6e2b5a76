// The script that a browser must have before the first video: everything that index.html and its
// modules import statically, gzipped file by file. Fails above the limit. Run after the build.
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const LIMIT_BYTES = 70_000; // product.md: first-load script, gzip
const dist = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
const html = readFileSync(join(dist, "index.html"), "utf8");

const entries = [...html.matchAll(/<(?:script|link)[^>]*?(?:src|href)="([^"]+\.js)"/g)].map((m) =>
  join(dist, m[1]),
);
if (entries.length === 0) throw new Error("dist/index.html loads no script: is this a build?");
if (/<script(?![^>]*\ssrc=)/.test(html)) {
  throw new Error("dist/index.html has an inline script, which the content security policy forbids");
}

const seen = new Map();
const queue = [...entries];
while (queue.length > 0) {
  const file = queue.pop();
  if (seen.has(file)) continue;
  const code = readFileSync(file);
  seen.set(file, gzipSync(code, { level: 9 }).length);
  // Static imports of a built module: `import ... from "./x.js"`, `import "./x.js"`, `export ... from`.
  const pattern = /(?:^|[;}\s])(?:import|export)\s*(?:[\w*${}\s,]+?\s*from\s*)?["'](\.[^"']+\.js)["']/g;
  for (const match of code.toString().matchAll(pattern)) queue.push(join(dirname(file), match[1]));
}

let total = 0;
for (const [file, bytes] of seen) {
  total += bytes;
  console.log(`${String(bytes).padStart(7)} B  ${relative(dist, file)}`);
}
console.log(`${String(total).padStart(7)} B  first-load script, gzip (limit ${LIMIT_BYTES})`);
if (total > LIMIT_BYTES) {
  console.error(`size: ${total - LIMIT_BYTES} B over the limit. Load something on demand instead.`);
  process.exit(1);
}
