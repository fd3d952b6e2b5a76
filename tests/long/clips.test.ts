// Every sample clip through the real server: live, or refused with a reason; never stuck. What is
// made is measured beside its source. The table is printed and kept in build/artifacts/clips.json.
// RONDO_CLIPS: a regular expression, to look at some of them only.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "../support/client.ts";
import { measure, type Measured } from "../support/measure.ts";
import { hasSharedData, root, Server, until } from "../support/server.ts";
import { clip, clips, finished, leftovers, publish, send, settled, UploadError } from "../support/upload.ts";

const skip = hasSharedData("clips") ? false : "the sample clips are not here (RONDO_SHARED_DATA)";

interface Row {
  file: string;
  outcome: "live" | "refused";
  reason: string;
  detail: string;
  rungs: string[];
  video_ms: number;
  first_seconds: number; // from the first byte sent to the first picture, or the refusal
  seconds: number; // to the last rendition
  bytes: number; // uploaded
  made_bytes: number;
  measured?: Measured; // of the top rung
}

const wanted = new RegExp(process.env.RONDO_CLIPS ?? "");

// What has to come of a file that is known to be sound, by what a person sees: upright or not.
const sound: Record<string, "upright" | "wide" | "square"> = {
  "bbb-480p-5s.mp4": "wide", "c2pa-video1-unsigned.mp4": "upright", "c2pa-video1-signed.mp4": "upright",
  "exo-av1.mp4": "wide", "exo-desks.3gp": "wide", "exo-fragmented.mp4": "wide", "exo-hdr10.mp4": "wide",
  "exo-h265-metadata-track.mp4": "upright", "exo-portrait-4k60.mp4": "upright", "exo-sample.avi": "wide",
  "exo-sample.flv": "wide", "exo-slow-motion.mp4": "wide", "exo-vp9-10bit.webm": "wide",
  "exo-vp9-odd-dimensions.webm": "wide", "exo-vtt-subtitles.mkv": "wide", "intel-asl-book.mkv": "wide",
  "intel-asl-thanks.mkv": "wide", "mb-edit-list.mp4": "wide", "mb-h265.mp4": "wide",
  "mb-rotated-bbb.mp4": "upright", "mb-sar-2x1.mp4": "wide", "mb-vfr.mp4": "wide", "mb-vp9-alpha.webm": "wide",
  "mdn-flower.mp4": "wide", "mdn-flower.webm": "wide", "mdn-flower-fragmented.mp4": "wide", "mdn-friday.mp4": "wide",
  "nasa-13013-multistream.mp4": "wide", "sio-data-streams.mp4": "wide", "sio-ios9.mov": "upright",
  "sio-sideways.mov": "upright", "sio-weird-aspect.mpg": "wide", "sio-widescreen.mov": "wide",
  "tc-av1.mkv": "wide", "tc-bt709-full-range.mp4": "wide", "tc-h264-10bit.mp4": "square",
  "tc-h265-10bit.mp4": "square", "tmk-pattern-longer.mp4": "upright",
};
const refused: Record<string, string> = { "mb-multi-audio.mp4": "no_picture", "README.md": "not_a_video" };

let data: string;
let server: Server;
before(async () => {
  if (skip) return;
  data = mkdtempSync(join(tmpdir(), "rondo-clips-"));
  server = await Server.start({ data, args: ["--uploads.open_per_account_max=1000"] });
});
after(async () => {
  await server?.stop();
  if (data) rmSync(data, { recursive: true, force: true });
});

function figures(m: Measured): string {
  const pair = (values: number[], digits: number) => values.map((v) => v.toFixed(digits)).join(" -> ");
  return `    ssim ${m.ssim?.toFixed(4) ?? "-"}, ${pair(m.seconds, 2)} s, ${m.frames.join(" -> ")} frames within ${m.time_off_ms} ms, ` +
    `${m.lufs ? `${pair(m.lufs, 1)} LUFS, peak ${m.peak_dbtp} dBTP, sound ${m.sync_ms ?? "?"} ms late` : "no sound"}, ` +
    `first frame ${m.luma.join(" -> ")}`;
}

// What has to hold for whatever is live. Several faults at once are all told.
function faults(row: Row): string[] {
  const m = row.measured!;
  const out: string[] = [];
  const hold = (fine: boolean, fault: string) => { if (!fine) out.push(`${row.file}: ${fault}`); };
  // Frames of more than 60 a second are thinned.
  const thinned = m.frames[1] < m.frames[0] && m.frames[0] / m.seconds[0] > 60.5;
  hold(thinned || m.frames[0] === m.frames[1], `${m.frames[0]} frames became ${m.frames[1]}`);
  if (m.ssim !== undefined) hold(m.ssim >= 0.95, `SSIM ${m.ssim}`);
  hold(Math.abs(m.seconds[0] - m.seconds[1]) <= 0.1, `${m.seconds[0]} s became ${m.seconds[1]} s`);
  hold(Math.abs(row.video_ms / 1000 - m.seconds[1]) <= 0.1, `it says ${row.video_ms} ms, and is ${m.seconds[1]} s`);
  // Sides are even, which shows on small ones.
  hold(m.shape_off < 0.02, `its shape is off by ${m.shape_off}`);
  if (!thinned) hold(m.time_off_ms <= 2, `a frame is off its time by ${m.time_off_ms} ms`);
  if (m.sync_ms !== undefined) hold(Math.abs(m.sync_ms) <= 40, `sound is ${m.sync_ms} ms late`);
  if (m.peak_dbtp !== undefined) hold(m.peak_dbtp <= -1, `true peak ${m.peak_dbtp} dBTP`);
  hold(m.luma[1] > 20 || m.luma[0] <= 24, `its first frame is black (${m.luma})`);
  // Below -57 there is nothing to hear; that and what is too short to have a loudness stays as it is.
  if (m.lufs && m.lufs[0] > -57 && m.lufs[1] > -70) hold(Math.abs(m.lufs[1] + 14) <= 1, `${m.lufs[1]} LUFS`);
  return out;
}

async function through(client: Client, file: string): Promise<Row> {
  const began = performance.now();
  const bytes = clip(file);
  const row: Row = { file, outcome: "refused", reason: "", detail: "", rungs: [], video_ms: 0, first_seconds: 0, seconds: 0,
    bytes: bytes.length, made_bytes: 0 };
  try {
    const upload = await send(client, bytes, { filename: file });
    const accepted = await publish(client, upload, file);
    let video = await settled(client, accepted.id, 240_000);
    row.first_seconds = Math.round(performance.now() - began) / 1000;
    video = await finished(client, data, accepted.id, upload);
    row.seconds = Math.round(performance.now() - began) / 1000;
    row.outcome = video.state;
    row.reason = video.refusal?.code ?? "";
    row.detail = video.refusal?.detail ?? "";
    row.rungs = video.renditions.map((r: any) => `${r.width}x${r.height}`);
    row.video_ms = video.duration_ms ?? 0;
    for (const rendition of video.renditions) {
      const size = Number((await client.raw("HEAD", rendition.url)).headers.get("content-length"));
      assert.equal(size, rendition.size_bytes, rendition.url);
      row.made_bytes += size;
    }
    if (row.outcome === "live") {
      const top = video.renditions[0];
      const made = join(data, "made.mp4");
      writeFileSync(made, Buffer.from(await (await client.raw("GET", top.url)).arrayBuffer()));
      row.measured = await measure(join(clips, file), made, top.width, top.height);
    }
  } catch (error) {
    // Turned down as it came.
    if (!(error instanceof UploadError) || !error.problem?.detail) throw error;
    row.reason = error.problem.type.replace("/problems/", "");
    row.detail = error.problem.detail;
    row.first_seconds = row.seconds = Math.round(performance.now() - began) / 1000;
  }
  return row;
}

test("every clip ends, the server stays up, and what is known comes out as known", { skip, timeout: 30 * 60_000 }, async (t) => {
  const client = await new Client(server.url).signUp("collector");
  // The work is the server's, one video at a time; what is sent meanwhile waits there.
  const rows: Row[] = [];
  for (const file of readdirSync(clips).filter((name) => wanted.test(name)).sort()) {
    const row = await through(client, file);
    rows.push(row);
    console.log(`${row.file.padEnd(38)} ${row.outcome.padEnd(8)}${String(row.seconds.toFixed(1)).padStart(6)} s ` +
      `${(row.bytes / 1e6).toFixed(2).padStart(6)} -> ${(row.made_bytes / 1e6).toFixed(2).padStart(5)} MB  ` +
      `${row.rungs.join(" ") || `${row.reason}: ${row.detail}`}${row.measured ? "\n" + figures(row.measured) : ""}`);
  }
  if (!process.env.RONDO_CLIPS) {
    mkdirSync(join(root, "build/artifacts"), { recursive: true });
    writeFileSync(join(root, "build/artifacts/clips.json"), JSON.stringify(rows, null, 1) + "\n");
  }
  const live = rows.filter((row) => row.outcome === "live");
  console.log(`${live.length} live, ${rows.length - live.length} refused; ` +
    `${(live.reduce((s, r) => s + r.video_ms, 0) / 1000).toFixed(0)} s of video in ${rows.reduce((s, r) => s + r.seconds, 0).toFixed(0)} s`);

  assert.deepEqual(live.flatMap(faults), []);

  const by = new Map(rows.map((row) => [row.file, row]));
  for (const row of rows) {
    if (row.outcome === "live") assert.ok(row.rungs.length > 0 && row.video_ms > 0, row.file);
    else assert.ok(row.reason && row.detail.length > 20, `${row.file}: ${row.reason}: ${row.detail}`);
    assert.notEqual(row.reason, "processing_failed", `${row.file}: the machine failed, not the file`);
  }
  for (const [file, shape] of Object.entries(sound).filter(([file]) => wanted.test(file))) {
    const row = by.get(file);
    assert.ok(row, `${file} is not there`);
    assert.equal(row.outcome, "live", `${file}: ${row.detail}`);
    const [width, height] = row.rungs[0].split("x").map(Number);
    assert.equal(width < height ? "upright" : width > height ? "wide" : "square", shape, `${file}: ${row.rungs[0]}`);
  }
  for (const [file, reason] of Object.entries(refused).filter(([file]) => wanted.test(file))) assert.equal(by.get(file)?.reason, reason, file);

  await t.test("nothing is left but what is live", async () => {
    const own: string[] = [];
    for (let cursor = ""; ;) {
      const page = await client.get(`/api/v1/accounts/me/videos${cursor && `?cursor=${encodeURIComponent(cursor)}`}`);
      for (const video of page.items) if (video.state === "live") own.push(video.id);
      if (!page.next_cursor) break;
      cursor = page.next_cursor;
    }
    assert.equal(own.length, live.length);
    await until("nothing to be left behind", async () => leftovers(data, own).length === 0)
      .catch((error) => { throw new Error(error.message + ":\n" + leftovers(data, own).join("\n")); });
  });
  await t.test("the server is well", async () => {
    assert.equal((await client.raw("GET", "/readyz")).status, 200);
    assert.equal(await server.interrupt(), 0);
  });
});
