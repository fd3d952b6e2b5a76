// What is derived of a video: placeholder, storyboard, preview, waveform; which look and sound it has.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "../support/client.ts";
import { hasSharedData, Server } from "../support/server.ts";
import { clip, clips, finished, publish, send, settled } from "../support/upload.ts";

const skip = hasSharedData("clips") ? false : "the sample clips are not here (RONDO_SHARED_DATA)";
const timeout = 240_000;

let server: Server;
let maker: Client;
let data: string;
let folder: string;

before(async () => {
  if (skip) return;
  data = mkdtempSync(join(tmpdir(), "rondo-test-"));
  server = await Server.start({ data });
  maker = await new Client(server.url).signUp("maker");
  folder = mkdtempSync(join(tmpdir(), "rondo-derived-"));
});
after(async () => {
  await server?.stop();
  for (const made of [folder, data]) if (made) rmSync(made, { recursive: true });
});

async function live(bytes: Buffer, filename: string, by = maker): Promise<any> {
  const upload = await send(by, bytes, { filename });
  const video = await settled(by, (await publish(by, upload)).id);
  assert.equal(video.state, "live", JSON.stringify(video.refusal));
  return { ...video, upload };
}
const whole = (video: any) => finished(maker, server.data, video.id, video.upload);

// The sample clip through FFmpeg, outside of Rondo.
function altered(file: string, args: string[], name: string): Buffer {
  const out = join(folder, name);
  execFileSync("ffmpeg", ["-nostdin", "-v", "error", "-y", "-i", join(clips, file), ...args, out]);
  return readFileSync(out);
}

async function fetched(url: string): Promise<{ bytes: Buffer; type: string }> {
  const response = await maker.raw("GET", url);
  assert.equal(response.status, 200, url);
  return { bytes: Buffer.from(await response.arrayBuffer()), type: response.headers.get("content-type")! };
}
function probed(bytes: Buffer, name: string): any {
  writeFileSync(join(folder, name), bytes);
  return JSON.parse(execFileSync("ffprobe", ["-v", "error", "-count_frames", "-show_streams", "-of", "json", join(folder, name)]).toString());
}

test("placeholder and waveform come with the first rendition, storyboard and preview with the last", { skip, timeout }, async () => {
  const first = await live(clip("flutter-butterfly.mp4"), "butterfly.mp4");
  const placeholder = Buffer.from(first.placeholder, "base64url");
  assert.ok(placeholder.length >= 12 && placeholder.length <= 40, `${placeholder.length} bytes`);
  const waveform = Buffer.from(first.waveform, "base64url");
  assert.equal(waveform.length, 100);
  assert.equal(Math.max(...waveform), 255);
  assert.equal(first.duplicate_of, undefined);
  assert.equal(first.sound_id, first.id);

  const video = await whole(first);
  assert.equal(video.placeholder, first.placeholder);
  const s = video.storyboard;
  assert.ok(s.count * s.interval_ms >= video.duration_ms && (s.count - 1) * s.interval_ms < video.duration_ms);
  const board = await fetched(s.url);
  assert.equal(board.type, "image/jpeg");
  const [picture] = probed(board.bytes, "board.jpg").streams;
  assert.equal(picture.width, s.columns * s.tile_width);
  assert.equal(picture.height, Math.ceil(s.count / s.columns) * s.tile_height);
  assert.ok(board.bytes.length < 200_000, `${board.bytes.length} bytes`);

  const preview = await fetched(video.preview_url);
  assert.equal(preview.type, "video/mp4");
  const streams = probed(preview.bytes, "preview.mp4").streams;
  assert.deepEqual(streams.map((stream: any) => stream.codec_name), ["h264"]);
  assert.ok(Number(streams[0].duration) > 2.5 && Number(streams[0].duration) < 3.5, streams[0].duration);
  assert.equal(Math.min(streams[0].width, streams[0].height), 240);
  assert.ok(preview.bytes.length < 200_000, `${preview.bytes.length} bytes`);
});

// The picture of a storyboard at a time is the video's picture at that time.
test("a storyboard shows what is on screen then", { skip, timeout }, async () => {
  const video = await whole(await live(clip("mdn-frog.mp4"), "frog.mp4"));
  const s = video.storyboard;
  writeFileSync(join(folder, "s.jpg"), (await fetched(s.url)).bytes);
  writeFileSync(join(folder, "v.mp4"), (await fetched(video.renditions[0].url)).bytes);
  // Both small and grey: coding and colours are not what is asked here. A step is one picture of the video.
  const grey = (file: string, filters: string) => execFileSync("ffmpeg", ["-nostdin", "-v", "error", "-i", join(folder, file),
    "-vf", `${filters},scale=40:26:flags=area,format=gray`, "-f", "rawvideo", "-"]);
  const bytes = 40 * 26;
  const steps = grey("v.mp4", `fps=1000/${s.interval_ms}:round=up`);
  for (let i = 0; i < s.count; i += 4) {
    const x = (i % s.columns) * s.tile_width, y = Math.floor(i / s.columns) * s.tile_height;
    const tile = grey("s.jpg", `crop=${s.tile_width}:${s.tile_height}:${x}:${y}`);
    assert.equal(tile.length, bytes);
    const off = (step: number) => {
      let sum = 0;
      for (let at = 0; at < bytes; at++) sum += Math.abs(tile[at]! - steps[step * bytes + at]!);
      return sum / bytes;
    };
    const offs = Array.from({ length: Math.floor(steps.length / bytes) }, (_, step) => off(step));
    assert.ok(offs[i]! < 10, `picture ${i} is off by ${offs[i]}`);
    // Where the picture hardly moves, neighbours are as good.
    assert.ok(offs[i]! <= Math.min(...offs) + 1, `picture ${i} is rather of another time: ${offs.map((o) => o.toFixed(1))}`);
  }
});

test("one sound in many codings; none where there is nothing to hear", { skip, timeout }, async () => {
  const first = await live(clip("tmk-chair22-grey.mp4"), "chair.mp4");
  assert.equal(first.sound_id, first.id);
  const picture = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10", "-map", "1:v", "-map", "0:a", "-shortest"];
  for (const [name, args] of [
    ["opus.webm", ["-c:v", "libvpx", "-c:a", "libopus", "-b:a", "48k"]],
    ["quiet.mp4", ["-c:v", "libx264", "-c:a", "aac", "-b:a", "64k", "-af", "volume=-12dB"]],
    ["mono.mkv", ["-c:v", "libx264", "-c:a", "libmp3lame", "-b:a", "64k", "-ac", "1"]],
  ] as const) {
    const other = await live(altered("tmk-chair22-grey.mp4", [...picture, ...args], name), name);
    assert.equal(other.sound_id, first.id, name);
  }
  const frog = await live(clip("mdn-pig.mp4"), "pig.mp4");
  assert.equal(frog.sound_id, frog.id, "another sound");
  const same = await live(clip("mdn-pig.webm"), "pig.webm");
  assert.equal(same.sound_id, frog.id);
  const silent = await live(clip("intel-asl-book.mkv"), "book.mkv");
  assert.equal(silent.sound_id, undefined);
  assert.equal(silent.waveform, undefined);
});

test("near duplicates are told, and the feed shows one of them", { skip, timeout }, async () => {
  const other = await new Client(server.url).signUp("copier");
  const original = await live(clip("tmk-pattern-grey.mp4"), "pattern.mp4");
  assert.equal(original.duplicate_of, undefined);
  for (const file of ["tmk-pattern-small-logo.mp4", "tmk-pattern-large-logo.mp4"]) {
    const copy = await live(clip(file), file, other);
    assert.equal(copy.duplicate_of, original.id, file);
    assert.equal(copy.sound_id, original.sound_id);
  }
  const take = await live(clip("tmk-pattern-longer.mp4"), "longer.mp4", other);
  assert.equal(take.duplicate_of, undefined, "another take to the same sound");

  // All of For You, page after page, without looking at one: no two of a look.
  const viewer = await new Client(server.url).anonymous();
  const shown: any[] = [];
  let after_offset: number | undefined;
  for (let page = 0; page < 10; page++) {
    const feed: any = await viewer.get(`/api/v1/feeds/for_you?limit=8${after_offset === undefined ? "" : `&after_offset=${after_offset}`}`);
    if (feed.items.length === 0) break;
    shown.push(...feed.items.map((item: any) => item.video));
    const receipt: any = await viewer.post("/api/v1/events", { events: feed.items.map((item: any) => (
      { id: `seen-${page}-${item.slot}-x`, type: "impression", video_id: item.video.id, page_id: feed.page_id, slot: item.slot })) });
    after_offset = receipt.offset;
  }
  const looks = shown.map((video) => video.duplicate_of ?? video.id);
  assert.ok(looks.includes(original.id), "one of the look is shown");
  assert.equal(new Set(looks).size, looks.length, JSON.stringify(looks));
});

test("a copy is a copy after a restart, and its original's name outlives it", { skip, timeout }, async () => {
  const original = await live(clip("mdn-friday.mp4"), "friday.mp4");
  await server.stop();
  server = await Server.start({ data });
  maker = new Client(server.url, maker.token);
  const copy = await live(clip("mdn-friday.mp4"), "again.mp4");
  assert.equal(copy.duplicate_of, original.id);
  await maker.call("DELETE", `/api/v1/videos/${original.id}`);
  const third = await live(clip("mdn-friday.mp4"), "third.mp4");
  assert.equal(third.duplicate_of, original.id);
});

test("content credentials are shown as unverified, where there are any", { skip, timeout }, async () => {
  const signed = await live(clip("c2pa-video1-signed.mp4"), "signed.mp4");
  assert.equal(signed.content_credentials, "unverified");
  const plain = await live(clip("c2pa-video1-unsigned.mp4"), "unsigned.mp4");
  assert.equal(plain.content_credentials, undefined);
});
