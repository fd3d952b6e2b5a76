// A network of two partitions: one process, two engines, each with its share of the viewers. What
// one learns reaches the other; after kill -9 every page replays and both states are right.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "../support/client.ts";
import { binary, Server, until } from "../support/server.ts";
import { publish, send, settled } from "../support/upload.ts";
import { Viewer } from "../support/viewer.ts";

const args = ["--feed.exchange_seconds=1", "--feed.checkpoint_records=100", "--feed.checkpoint_seconds=2"];
let data: string;
let clips: string;
let server: Server;
const pages = new Set<string>();

before(async () => {
  data = mkdtempSync(join(tmpdir(), "rondo-partitions-"));
  clips = mkdtempSync(join(tmpdir(), "rondo-clips-"));
  server = await Server.start({ data, args: ["--partitions=2", ...args] });
  const maker = await new Client(server.url).signUp("maker");
  const sources = ["testsrc", "smptebars", "mandelbrot", "rgbtestsrc"];
  for (const source of sources) {
    const file = join(clips, `${source}.mp4`);
    const made = spawnSync("ffmpeg", ["-y", "-f", "lavfi", "-i", `${source}=size=160x120:rate=10`,
      "-t", "1", "-pix_fmt", "yuv420p", file], { encoding: "utf8", timeout: 60_000 });
    assert.equal(made.status, 0, made.stderr);
    const upload = await send(maker, readFileSync(file), { filename: `${source}.mp4` });
    const video = await publish(maker, upload, `#${source}`);
    assert.equal((await settled(maker, video.id)).state, "live");
  }
}, { timeout: 10 * 60_000 });
after(async () => {
  await server?.stop();
  for (const folder of [data, clips]) rmSync(folder, { recursive: true, force: true });
});

const partitionOf = (page: string) => Buffer.from(page, "base64url").readUInt32LE(0);

function rondo(...command: string[]) {
  const run = spawnSync(binary, command, {
    encoding: "utf8", timeout: 60_000, env: { ...process.env, RONDO_DATA: data },
  });
  return { status: run.status, out: run.stdout, err: run.stderr };
}

async function taken(partition: number): Promise<number> {
  const text = await (await fetch(server.url + "/metrics")).text();
  const line = new RegExp(`^rondo_engine_deltas_taken\\{partition="${partition}"\\} (\\S+)$`, "m").exec(text);
  return Number(line![1]);
}

// A viewer of this partition watches all that there is.
async function watchAll(partition: number): Promise<void> {
  for (;;) {
    const viewer = await Viewer.anonymous(server.url);
    const first = await viewer.ask(0);
    pages.add(first.page_id);
    if (partitionOf(first.page_id) !== partition) continue;
    while (await viewer.swipe(() => true)) pages.add(viewer.lastPage.page_id);
    assert.equal(viewer.seen.length, 4, "every video is in every partition, and comes once");
    return;
  }
}

test("what viewers of one partition watch reaches the engine of the other", async () => {
  for (const partition of [0, 1]) {
    const before = await taken(1 - partition);
    await watchAll(partition);
    await until(`partition ${1 - partition} to take it in`, async () => await taken(1 - partition) > before, 30_000);
  }
});

test("after kill -9 pages of both partitions replay and both states are right", { timeout: 120_000 }, async () => {
  await watchAll(0);
  await server.kill();
  const other = rondo("serve", "--no-demo", "--server.port=0", "--partitions", "3");
  assert.equal(other.status, 1);
  assert.match(other.err, /was created with 2 partitions, which is fixed; 3 were asked for/);

  server = await Server.start({ data, args }); // as it was created
  await watchAll(1);
  assert.deepEqual([...new Set([...pages].map(partitionOf))].sort(), [0, 1]);
  for (const page of pages) {
    const replayed = rondo("replay", page);
    assert.equal(replayed.status, 0, replayed.out + replayed.err);
    assert.match(replayed.out, /equal: recomputed and served are the same/);
  }
  const digest = rondo("digest");
  assert.equal(digest.status, 0, digest.out + digest.err);
  assert.equal(digest.out.match(/ equal$/gm)?.length, 2, digest.out);
});
