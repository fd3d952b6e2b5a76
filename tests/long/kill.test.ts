// Acknowledged means durable: the server is killed at random moments and at every named failpoint,
// under load, on the same data; a ledger of what it acknowledged is held against it each time.
//
// RONDO_KILLS sets the number of random kills (50), RONDO_KILL_SEED the dice.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { Client } from "../support/client.ts";
import { dice } from "../support/dice.ts";
import { binary, root, Server, until } from "../support/server.ts";
import { world, type World } from "../support/world.ts";
import { Follower, Ledger, Uploader, Watcher, type Running } from "./load.ts";

const kills = Number(process.env.RONDO_KILLS ?? 50);
const seed = Number(process.env.RONDO_KILL_SEED ?? Date.now() % 1_000_000);
const attemptsMax = 3; // workflows: PublishVideo::kAttemptsMax
const checkpointsKept = 3;
const args = ["--feed.checkpoint_records=200", `--feed.checkpoints_kept=${checkpointsKept}`, "--uploads.open_per_account_max=1000"];

const random = dice(seed);

let made: World;
const ledger = new Ledger();
let watchers: Watcher[];
let uploader: Uploader;
let quick: Uploader; // of the failpoints: pieces large enough that publication comes soon
let follower: Follower;
let earliest: string[] = []; // pages that were served before the first kill
let firstCheckpoints: string[] = [];

before(async () => {
  made = await world();
  console.log(`dice: RONDO_KILL_SEED=${seed}`);
  const server = await start();
  try {
    const client = new Client(server.url);
    await ledger.begin(client);
    assert.equal(ledger.counts.size, 48);
    const video = smallestRendition();
    const handles = [...new Set((await client.get("/api/v1/feeds/latest")).items.map((i: any) => i.video.author))] as string[];
    uploader = new Uploader((await new Client(server.url).signUp("uploader")).token!, video, 48 << 10);
    quick = new Uploader((await new Client(server.url).signUp("quick")).token!, video, 256 << 10);
    follower = new Follower((await new Client(server.url).signUp("follower")).token!, handles);
    watchers = Array.from({ length: 6 }, () => new Watcher(ledger, random));
  } finally {
    await server.stop();
  }
}, { timeout: 25 * 60_000 });
after(() => made?.remove());

// A real video to upload that is here anyway.
function smallestRendition(): Buffer {
  const media = join(made.data, "blobs/objects/media+");
  const files = readdirSync(media).map((video) => join(media, video, "360p.mp4")).filter((file) => existsSync(file));
  files.sort((a, b) => statSync(a).size - statSync(b).size);
  return readFileSync(files[0]);
}

async function start(env: Record<string, string> = {}): Promise<Server> {
  return await Server.start({ data: made.data, args, env });
}

// Processes that work on files of this data folder, or wait to: "pid command line".
function encoders(): string[] {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid)).flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return /ffmpeg|ffprobe|bwrap/.test(readlinkSync(`/proc/${pid}/exe`)) && command.includes(made.data) ? [`${pid} ${command}`] : [];
    } catch {
      return []; // gone meanwhile
    }
  });
}

const checkpoints = (): string[] => readdirSync(join(made.data, "blobs/objects/checkpoints+/0+")).sort();

// The engine has taken up every record, and goes on.
async function recovered(url: string): Promise<number> {
  return await until("the engine to recover", async () => {
    const text = await (await new Client(url).raw("GET", "/readyz")).text();
    assert.doesNotMatch(text, /stopped/, text);
    const [, folded, end] = /folded (\d+) of (\d+)/.exec(text)!;
    return folded === end && Number(end);
  }, 30_000);
}

async function hold(url: string, all = false): Promise<void> {
  await recovered(url);
  await ledger.check(url, all);
  for (const one of [uploader, quick]) await one.check(url, all);
  await follower.check(url);
}

function run(...command: string[]): { code: number | null; text: string } {
  const done = spawnSync(binary, command, { env: { ...process.env, RONDO_DATA: made.data }, encoding: "utf8", timeout: 120_000 });
  return { code: done.status, text: done.stdout + done.stderr };
}

// While nobody holds the data: what recovery gives is what an uninterrupted fold gives.
function digestsEqual(): void {
  const { code, text } = run("digest");
  assert.equal(code, 0, text);
  assert.match(text, /from the beginning +[0-9a-f]{64} +equal/);
}

function replays(pages: string[]): void {
  for (const page of pages) {
    const { code, text } = run("replay", page);
    assert.equal(code, 0, text);
    assert.match(text, /^equal:/m);
  }
}

const some = <T>(items: T[], count: number): T[] => Array.from({ length: Math.min(count, items.length) },
  () => items[Math.floor(random() * items.length)]);

function countKill(): void {
  for (const one of [uploader, quick]) one.killed();
}

// Everybody is busy until `end`; then the server is dead.
async function load(server: Server, uploads: Uploader, end: () => Promise<void>): Promise<void> {
  const running: Running = { url: server.url, stopping: false };
  const loops = [...watchers, uploads, follower].map((part) => part.run(running));
  const failed = Promise.race(loops.map((loop) => loop.then(() => new Promise<never>(() => {}))));
  try {
    await Promise.race([end(), failed]);
  } finally {
    running.stopping = true;
    await server.kill();
    await Promise.allSettled(loops);
    countKill();
  }
  await Promise.all(loops);
}

test(`killed ${kills} times at random moments: nothing acknowledged is lost`, { timeout: 9 * 60_000 }, async () => {
  for (let kill = 0; kill < kills; ++kill) {
    // Now and then it dies while it starts or recovers.
    if (kill % 5 === 4) {
      const child = spawn(binary, ["serve", "--server.port=0", "--no-demo", ...args],
        { env: { ...process.env, RONDO_DATA: made.data }, stdio: "ignore" });
      const gone = new Promise((done) => child.once("exit", done));
      await new Promise((wake) => setTimeout(wake, random() * 400));
      child.kill("SIGKILL");
      await gone;
      countKill();
    }
    const server = await start();
    await hold(server.url);
    const lasting = 100 + random() * (kill % 10 === 9 ? 8000 : 1700);
    await load(server, uploader, () => new Promise((wake) => setTimeout(wake, lasting)));
    if (kill === 0) {
      earliest = some(ledger.pages, 3).map(({ page }) => page.page_id);
      firstCheckpoints = checkpoints();
    }
    if (kill % 10 === 9) {
      digestsEqual();
      replays([...earliest, ...some(ledger.pages, 3).map(({ page }) => page.page_id)]);
    }
  }
  console.log(`${kills} kills: ${ledger.batches.length} batches and ${ledger.pages.length} pages acknowledged, ` +
    `${uploader.uploads.length} uploads, ${uploader.videos.length} published`);
  assert.ok(ledger.batches.length > kills && ledger.pages.length > kills, "hardly anything was acknowledged");
});

// From the source, so that none is forgotten.
function failpoints(): string[] {
  const names = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".cc") && !entry.name.endsWith("_test.cc"))
    .flatMap((entry) => [...readFileSync(join(entry.parentPath, entry.name), "utf8").matchAll(/\bfailpoint\("([^"]+)"\)/g)])
    .map((match) => match[1]);
  return [...new Set(names)].sort();
}

// The hit to die at: the first is often at the start, so some way into the load.
const hitsMax: [RegExp, number][] = [[/^stream/, 40], [/^upload/, 3], [/^blob/, 4], [/^checkpoint/, 2], [/^outbox/, 5]];

for (const name of failpoints()) {
  test(`killed at ${name}`, { timeout: 90_000 }, async () => {
    const hit = 1 + Math.floor(random() * (hitsMax.find(([pattern]) => pattern.test(name))?.[1] ?? 1));
    const server = await start({ RONDO_FAILPOINTS: `${name}=${hit}` }).catch((error) => {
      assert.match(error.message, /ended with 77/); // died of it while starting
      return undefined;
    });
    if (server) {
      await load(server, quick, async () => {
        const code = await Promise.race([server.exited, new Promise((wake) => setTimeout(wake, 45_000, "still alive"))]);
        assert.equal(code, 77, `${name}=${hit} was not hit`);
      });
    }
    digestsEqual();
    const again = await start();
    try {
      await hold(again.url);
      await quick.checkVideos(again.url, attemptsMax, false);
    } finally {
      await again.stop();
    }
  });
}

test("in the end: everything, every count exactly, every video, every page again", { timeout: 4 * 60_000 }, async () => {
  const server = await start();
  try {
    // What was on the way when the server last died is sent again, and then there is nothing open.
    const running: Running = { url: server.url, stopping: false };
    setTimeout(() => { running.stopping = true; }, 1500);
    await Promise.all([...watchers, uploader, quick, follower].map((part) => part.run(running)));

    await hold(server.url, true);
    await ledger.checkCounts(server.url);
    const ended = await uploader.checkVideos(server.url, attemptsMax, true);
    const also = await quick.checkVideos(server.url, attemptsMax, true);
    console.log(`videos: ${ended.live + also.live} live, ${ended.refused + also.refused} given up after ${attemptsMax} kills`);
    assert.equal(also.refused, 0, "killed once or twice, and then live");
    assert.ok(also.live > 0);

    const now = checkpoints();
    const days = new Set(now.map((name) => Math.floor(Number(name.split("-")[1]) / 86_400e6)));
    assert.ok(now.every((name) => !firstCheckpoints.includes(name) || name === now[0]), "the checkpoint has rotated");
    assert.ok(now.length <= checkpointsKept + days.size, `the newest and the first of a day stay: ${now}`);
    replays([...earliest, ...some(ledger.pages, 5).map(({ page }) => page.page_id)]); // beside the server
  } finally {
    assert.equal(await server.interrupt(), 0);
  }
  digestsEqual();
  replays(earliest);

  // No encoder outlives its server.
  await until("encoders to end", async () => encoders().length === 0).catch((error) => {
    throw new Error(error.message + ":\n" + encoders().join("\n"));
  });
});
