// Every sample clip through the real server: live, or refused with a reason; never stuck.
// The table is printed and kept in build/artifacts/clips.json.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "../support/client.ts";
import { hasSharedData, root, Server, until } from "../support/server.ts";
import { clip, clips, leftovers, publish, send, settled, UploadError } from "../support/upload.ts";

const skip = hasSharedData("clips") ? false : "the sample clips are not here (RONDO_SHARED_DATA)";

interface Row {
  file: string;
  outcome: "live" | "refused";
  reason: string;
  detail: string;
  rungs: string[];
  video_ms: number;
  seconds: number; // from the first byte sent to the end
  bytes: number; // uploaded
  made_bytes: number;
}

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

async function through(client: Client, file: string): Promise<Row> {
  const began = performance.now();
  const bytes = clip(file);
  const row: Row = { file, outcome: "refused", reason: "", detail: "", rungs: [], video_ms: 0, seconds: 0,
    bytes: bytes.length, made_bytes: 0 };
  try {
    const accepted = await publish(client, await send(client, bytes, { filename: file }), file);
    const video = await settled(client, accepted.id, 240_000);
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
  } catch (error) {
    // Turned down as it came.
    if (!(error instanceof UploadError) || !error.problem?.detail) throw error;
    row.reason = error.problem.type.replace("/problems/", "");
    row.detail = error.problem.detail;
  }
  row.seconds = Math.round(performance.now() - began) / 1000;
  return row;
}

test("every clip ends, the server stays up, and what is known comes out as known", { skip, timeout: 12 * 60_000 }, async (t) => {
  const client = await new Client(server.url).signUp("collector");
  // The work is the server's, one video at a time; what is sent meanwhile waits there.
  const rows: Row[] = [];
  for (const file of readdirSync(clips).sort()) {
    const row = await through(client, file);
    rows.push(row);
    console.log(`${row.file.padEnd(38)} ${row.outcome.padEnd(8)}${String(row.seconds.toFixed(1)).padStart(6)} s ` +
      `${(row.bytes / 1e6).toFixed(2).padStart(6)} -> ${(row.made_bytes / 1e6).toFixed(2).padStart(5)} MB  ` +
      `${row.rungs.join(" ") || `${row.reason}: ${row.detail}`}`);
  }
  mkdirSync(join(root, "build/artifacts"), { recursive: true });
  writeFileSync(join(root, "build/artifacts/clips.json"), JSON.stringify(rows, null, 1) + "\n");
  const live = rows.filter((row) => row.outcome === "live");
  console.log(`${live.length} live, ${rows.length - live.length} refused; ` +
    `${(live.reduce((s, r) => s + r.video_ms, 0) / 1000).toFixed(0)} s of video in ${rows.reduce((s, r) => s + r.seconds, 0).toFixed(0)} s`);

  const by = new Map(rows.map((row) => [row.file, row]));
  for (const row of rows) {
    if (row.outcome === "live") assert.ok(row.rungs.length > 0 && row.video_ms > 0, row.file);
    else assert.ok(row.reason && row.detail.length > 20, `${row.file}: ${row.reason}: ${row.detail}`);
    assert.notEqual(row.reason, "processing_failed", `${row.file}: the machine failed, not the file`);
  }
  for (const [file, shape] of Object.entries(sound)) {
    const row = by.get(file);
    assert.ok(row, `${file} is not there`);
    assert.equal(row.outcome, "live", `${file}: ${row.detail}`);
    const [width, height] = row.rungs[0].split("x").map(Number);
    assert.equal(width < height ? "upright" : width > height ? "wide" : "square", shape, `${file}: ${row.rungs[0]}`);
  }
  for (const [file, reason] of Object.entries(refused)) assert.equal(by.get(file)?.reason, reason, file);

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
