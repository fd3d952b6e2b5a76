// Files made to hurt: each is refused with a reason or survived, nothing that they name is opened,
// and the server stays as it was. RONDO_BROKEN: how many broken copies (the long run takes hundreds).
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server as Listener } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "../support/client.ts";
import { broken, crafted, goodClip, random, type Hostile } from "../support/hostile.ts";
import { Server, until } from "../support/server.ts";
import { finished, leftovers, publish, send, settled, UploadError } from "../support/upload.ts";

const copies = Number(process.env.RONDO_BROKEN ?? 24);
const memoryKibMax = 512 << 10;

let folder: string;
let data: string;
let server: Server;
let client: Client;
let listener: Listener;
let connections = 0;
let canary: string;
const live: string[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "rondo-hostile-"));
  data = join(folder, "data");
  canary = join(folder, "canary.mp4");
  writeFileSync(canary, goodClip("canary.mp4", ["-c:v", "libx264"]));
  utimesSync(canary, new Date(0), new Date(0)); // read, it would have a younger time of access
  listener = createServer((socket) => { ++connections; socket.destroy(); });
  await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
  server = await Server.start({ data, args: ["--uploads.open_per_account_max=1000", "--media.seconds_max=60"] });
  client = await new Client(server.url).signUp("mallory");
}, { timeout: 60_000 });
after(async () => {
  await server?.stop();
  listener?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

async function outcome(file: { name: string; bytes: Buffer }): Promise<{ reason: string; detail: string; video?: any }> {
  try {
    const upload = await send(client, file.bytes, { filename: file.name });
    const video = await settled(client, (await publish(client, upload)).id, 120_000);
    if (video.state !== "live") return { reason: video.refusal.code, detail: video.refusal.detail };
    live.push(video.id);
    return { reason: "live", detail: "", video: await finished(client, data, video.id, upload) };
  } catch (error) {
    if (!(error instanceof UploadError) || !error.problem?.detail) throw error;
    return { reason: error.problem.type.replace("/problems/", ""), detail: error.problem.detail };
  }
}

async function unharmed() {
  assert.equal(connections, 0, "somebody called the address in a file");
  assert.equal(statSync(canary).atimeMs, 0, "somebody read the file that a file names");
  assert.equal((await client.raw("GET", "/readyz")).status, 200);
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  const peak = Number(status.match(/VmHWM:\s+(\d+) kB/)![1]);
  assert.ok(peak < memoryKibMax, `the server took ${peak >> 10} MiB`);
  await until("nothing to be left behind", async () => leftovers(data, live).length === 0);
}

test("the canary sings when it is touched", async () => {
  // On a disk that keeps no times of access, that half of the test says nothing.
  const copy = join(folder, "copy");
  writeFileSync(copy, "x");
  utimesSync(copy, new Date(0), new Date(0));
  readFileSync(copy);
  assert.notEqual(statSync(copy).atimeMs, 0, "this disk keeps no times of access");
});

test("files that name others, flood, or never end", { timeout: 300_000 }, async () => {
  const { port } = listener.address() as AddressInfo;
  const files: Hostile[] = crafted(`127.0.0.1:${port}`, canary);
  const wrong: string[] = [];
  for (const file of files) {
    const { reason, detail, video } = await outcome(file);
    if (!file.reasons.includes(reason)) wrong.push(`${file.name}: ${reason}, not ${file.reasons.join(" or ")} (${detail})`);
    if (reason !== "live" && detail.length < 20) wrong.push(`${file.name}: no sentence: ${detail}`);
    if (/canary|127\.0\.0\.1|\/tmp|\/in\//.test(detail)) wrong.push(`${file.name}: says too much: ${detail}`);
    for (const rendition of video?.renditions ?? []) {
      const made = Buffer.from(await (await client.raw("GET", rendition.url)).arrayBuffer());
      if (made.includes("<script>")) wrong.push(`${file.name}: the page in it is left`);
    }
  }
  assert.deepEqual(wrong, []);
  await unharmed();
});

test(`${copies} broken copies of good clips`, { timeout: 60_000 + copies * 10_000 }, async () => {
  const seed = Number(process.env.RONDO_SEED ?? Date.now() % 1e6);
  console.log(`seed ${seed}`);
  const next = random(seed);
  const good = [
    goodClip("a.mp4", ["-c:v", "libx264", "-preset", "ultrafast", "-movflags", "+faststart"]),
    goodClip("b.webm", ["-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libvorbis"]),
    goodClip("c.mkv", ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "mp3"]),
    goodClip("d.avi", ["-c:v", "mpeg4", "-c:a", "mp3"]),
    goodClip("e.ts", ["-c:v", "mpeg2video", "-c:a", "mp2"]),
    goodClip("f.mp4", ["-c:v", "libx264", "-preset", "ultrafast", "-movflags", "frag_keyframe+empty_moov"]),
  ];
  const ends: Record<string, number> = {};
  const wrong: string[] = [];
  for (let i = 0; i < copies; ++i) {
    const { reason, detail } = await outcome({ name: `broken-${i}`, bytes: broken(good[i % good.length], next) });
    ends[reason] = (ends[reason] ?? 0) + 1;
    if (reason === "processing_failed") wrong.push(`copy ${i}: the machine failed: ${detail}`);
    else if (reason !== "live" && detail.length < 20) wrong.push(`copy ${i}: ${reason} without a sentence`);
  }
  console.log(JSON.stringify(ends));
  assert.deepEqual(wrong, [], `seed ${seed}`);
  await unharmed();
});
