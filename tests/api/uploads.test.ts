// Uploads with tus-js-client: real files become live videos, a killed server is resumed from, and
// what is refused is refused with the reason and leaves nothing behind.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, ProblemError } from "../support/client.ts";
import { hasSharedData, Server, until } from "../support/server.ts";
import { clip, finished, leftovers, publish, send, settled, sizeOf, UploadError, uploadId } from "../support/upload.ts";

const skip = hasSharedData("clips") ? false : "the sample clips are not here (RONDO_SHARED_DATA)";
const version = { "tus-resumable": "1.0.0" };

let data: string;
let server: Server;
let client: Client;
const live: string[] = []; // videos whose media has to stay

before(async () => {
  data = mkdtempSync(join(tmpdir(), "rondo-uploads-"));
  server = await Server.start({ data });
  client = await new Client(server.url).signUp("maker");
});
after(async () => {
  await server?.stop();
  rmSync(data, { recursive: true, force: true });
});

async function nothingLeft(): Promise<void> {
  await until("nothing to be left behind", async () => leftovers(data, live).length === 0)
    .catch((error) => { throw new Error(error.message + ":\n" + leftovers(data, live).join("\n")); });
}

// What every live video has to be, whatever was uploaded.
async function checkLive(video: any): Promise<void> {
  assert.equal(video.state, "live", JSON.stringify(video.refusal));
  live.push(video.id);
  assert.ok(video.duration_ms > 0);
  assert.ok(video.renditions.length >= 1);
  assert.equal(video.width, video.renditions[0].width);
  assert.equal(video.height, video.renditions[0].height);
  for (const [i, rendition] of video.renditions.entries()) {
    assert.ok(Math.min(rendition.width, rendition.height) <= 1080, "up to 1080p by the short side");
    assert.ok(rendition.width % 2 === 0 && rendition.height % 2 === 0);
    assert.ok(i === 0 || rendition.width < video.renditions[i - 1].width, "largest first, each once");
    const response = await client.raw("GET", rendition.url);
    assert.equal(response.status, 200);
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.equal(bytes.length, rendition.size_bytes);
    assert.equal(bytes.toString("latin1", 4, 8), "ftyp");
  }
  const poster = Buffer.from(await (await client.raw("GET", video.poster_url)).arrayBuffer());
  assert.deepEqual([...poster.subarray(0, 3)], [0xff, 0xd8, 0xff], "a JPEG");
  const master = await (await client.raw("GET", video.hls_url)).text();
  assert.match(master, /^#EXTM3U\n/);
  const cuts: string[][] = [];
  for (const [name] of master.matchAll(/^\S+\.m3u8$/gm)) {
    const playlist = await (await client.raw("GET", video.hls_url.replace(/[^/]+$/, name))).text();
    cuts.push([...playlist.matchAll(/^#EXTINF:([\d.]+)/gm)].map((match) => match[1]!));
  }
  assert.equal(cuts.length, video.renditions.length);
  for (const cut of cuts) assert.deepEqual(cut, cuts[0], "all renditions are cut alike");
  await nothingLeft();
}

async function whole(name: string, caption = ""): Promise<any> {
  const upload = await send(client, clip(name), { filename: name });
  const accepted = await publish(client, upload, caption);
  assert.equal(accepted.state, "processing");
  const first = await settled(client, accepted.id);
  if (first.state !== "live") return first;
  assert.equal(first.renditions.length, 1, "live with the first one");
  return await finished(client, data, first.id, upload);
}

interface Case { file: string; what: string; upright?: boolean; short: number; ms: number }
const files: Case[] = [
  { file: "sio-sideways.mov", what: "rotated", upright: true, short: 480, ms: 1020 },
  { file: "intel-asl-book.mkv", what: "no audio", upright: false, short: 480, ms: 3670 },
  { file: "tc-h265-10bit.mp4", what: "HEVC 10-bit", short: 200, ms: 1000 },
  { file: "mdn-flower.webm", what: "WebM", upright: false, short: 480, ms: 5060 },
  { file: "sio-ios9.mov", what: "MOV of a phone", upright: true, short: 720, ms: 470 },
];
for (const { file, what, upright, short, ms } of files) {
  test(`${what} becomes live (${file})`, { skip, timeout: 120_000 }, async () => {
    const video = await whole(file, `A clip with ${what} #Samples`);
    await checkLive(video);
    if (upright !== undefined) assert.equal(video.width < video.height, upright, `${video.width}x${video.height}`);
    assert.equal(Math.min(video.width, video.height), short, "the step of the ladder, never upscaled");
    assert.ok(Math.abs(video.duration_ms - ms) < 150, `${video.duration_ms} ms, not about ${ms} ms`);
    assert.deepEqual(video.hashtags, ["samples"]);
    const latest = await new Client(server.url).get("/api/v1/feeds/latest");
    assert.equal(latest.items[0].video.id, video.id, "first in Latest");
  });
}

test("variable frame rate, killed half way, is resumed and becomes live (mb-vfr.mp4)", { skip, timeout: 180_000 }, async () => {
  const bytes = clip("mb-vfr.mp4");
  const chunkSize = 64 << 10;
  let url = "";
  let acknowledged = 0;
  let killed: Promise<void> | undefined;
  await assert.rejects(send(client, bytes, {
    filename: "mb-vfr.mp4", chunkSize, onUrl: (made) => { url = made; },
    onAcknowledged: (offset) => {
      acknowledged = offset;
      if (offset >= bytes.length / 2) killed ??= server.kill();
    },
  }), UploadError);
  await killed;
  assert.ok(acknowledged >= bytes.length / 2 && acknowledged < bytes.length);

  server = await Server.start({ data });
  client = new Client(server.url, client.token); // the session is durable too
  const resumedAt = server.url + new URL(url).pathname;
  const state = await client.raw("HEAD", new URL(resumedAt).pathname, undefined, version);
  const offset = Number(state.headers.get("upload-offset"));
  assert.ok(offset >= acknowledged, `${offset} of the ${acknowledged} acknowledged bytes are there`);

  let first = -1;
  const upload = await send(client, bytes, { filename: "mb-vfr.mp4", chunkSize, uploadUrl: resumedAt,
    onAcknowledged: (at) => { if (first < 0) first = at; } });
  assert.ok(first > offset, "went on where it stood, not from the beginning");
  const video = await settled(client, (await publish(client, upload)).id);
  await checkLive(video);
  assert.ok(video.width > video.height);
  assert.ok(Math.abs(video.duration_ms - 8730) < 400, `${video.duration_ms} ms`);
});

test("a server killed while it processes takes the video up again", { skip, timeout: 180_000 }, async () => {
  const upload = await send(client, clip("mdn-flower.mp4"), { filename: "mdn-flower.mp4" });
  const video = await publish(client, upload);
  await until("work to begin", async () => leftovers(data, live).some((file) => file.includes("/work/")));
  await server.kill();
  server = await Server.start({ data });
  client = new Client(server.url, client.token);
  await checkLive(await settled(client, video.id));
});

test("publishing twice is one video and the same answer", { skip, timeout: 120_000 }, async () => {
  const upload = await send(client, clip("tc-h264-10bit.mp4"), { filename: "a.mp4" });
  const thief = await new Client(server.url).signUp("thief");
  await assert.rejects(publish(thief, upload), (error: ProblemError) => error.status === 404);
  const [one, two] = await Promise.all([publish(client, upload, "first"), publish(client, upload, "first")]);
  assert.equal(one.id, two.id);
  const video = await settled(client, one.id);
  await checkLive(video);
  assert.equal((await publish(client, upload, "first")).id, one.id, "also when it is live");
  const own = await client.get("/api/v1/accounts/me/videos");
  assert.equal(own.items.filter((v: any) => v.id === one.id).length, 1);
  await assert.rejects(publish(thief, upload), (error: ProblemError) => error.status === 409);
});

async function refusedAtOnce(bytes: Buffer, filename: string): Promise<UploadError> {
  try {
    await send(client, bytes, { filename });
  } catch (error) {
    if (error instanceof UploadError) return error;
    throw error;
  }
  throw new Error(`${filename} was taken`);
}

for (const [what, size] of [["small", 300], ["large", 3 << 20]] as const) {
  test(`a ${what} text renamed .mp4 is refused as it arrives`, async () => {
    const text = Buffer.alloc(size, "Call me Ishmael. Some years ago, never mind how long precisely, ");
    const error = await refusedAtOnce(text, "ishmael.mp4");
    assert.equal(error.status, 422);
    assert.equal(error.problem.type, "/problems/not_a_video");
    assert.match(error.problem.detail, /text, not a video\. Choose a video file/);
    await nothingLeft();
  });
}

test("an image renamed .mp4 is refused by name of what it is", async () => {
  const png = Buffer.concat([Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), Buffer.alloc(5000, 7)]);
  const error = await refusedAtOnce(png, "cat.mp4");
  assert.equal(error.problem.type, "/problems/not_a_video");
  assert.match(error.problem.detail, /image|picture|PNG/);
  await nothingLeft();
});

test("an empty file is refused before anything is made", async () => {
  const response = await client.raw("POST", "/api/v1/uploads", undefined, { ...version, "upload-length": "0" });
  const problem = await response.json() as any;
  assert.equal(response.status, 422);
  assert.equal(problem.type, "/problems/empty");
  assert.match(problem.detail, /empty/);
  await nothingLeft();
});

async function refusedWhenPublished(name: string, code: string, detail: RegExp): Promise<void> {
  const video = await whole(name);
  assert.equal(video.state, "refused");
  assert.equal(video.refusal.code, code);
  assert.match(video.refusal.detail, detail);
  assert.deepEqual(video.renditions, []);
  await nothingLeft();
  const latest = await new Client(server.url).get("/api/v1/feeds/latest");
  assert.ok(latest.items.every((item: any) => item.video.id !== video.id));
  await assert.rejects(new Client(server.url).get(`/api/v1/videos/${video.id}`),
    (error: ProblemError) => error.status === 404, "a refusal is its author's business");
}

test("sound without a picture is refused", { skip, timeout: 60_000 }, async () => {
  await refusedWhenPublished("mb-multi-audio.mp4", "no_picture", /picture/);
});

test("a file cut short is refused as damaged", { skip, timeout: 60_000 }, async () => {
  const bytes = clip("mdn-friday.mp4").subarray(0, 200_000);
  const upload = await send(client, bytes, { filename: "friday.mp4" });
  const video = await settled(client, (await publish(client, upload)).id);
  assert.equal(video.state, "refused");
  assert.equal(video.refusal.code, "damaged");
  assert.match(video.refusal.detail, /damaged/);
  await nothingLeft();
});

test("limits: too long, too large, with the value beside the limit", { skip, timeout: 60_000 }, async () => {
  const strict = await Server.start({ args: ["--uploads.duration_seconds_max=2", "--uploads.size_mib_max=1"] });
  try {
    const maker = await new Client(strict.url).signUp("maker");
    const upload = await send(maker, clip("intel-asl-book.mkv"), { filename: "book.mkv" });
    const video = await settled(maker, (await publish(maker, upload)).id);
    assert.equal(video.state, "refused");
    assert.equal(video.refusal.code, "duration_too_long");
    assert.match(video.refusal.detail, /3\.[67] s.*2(\.0)? s/);

    assert.ok(sizeOf("mdn-flower.mp4") > 1 << 20);
    const error = await send(maker, clip("mdn-flower.mp4"), { filename: "flower.mp4" }).catch((e) => e);
    assert.equal(error.status, 413);
    assert.equal(error.problem.status, 413);
    assert.equal(error.problem.type, "/problems/too_large");
    assert.match(error.problem.detail, /1\.1 MB.*1\.0 MB/);
    await until("nothing to be left behind", async () => leftovers(strict.data).length === 0);
    const network = await maker.get("/api/v1/network");
    assert.deepEqual(network.uploads, { size_bytes_max: 1 << 20, duration_ms_max: 2000,
      pixels_max: 4096 * 2304, frame_rate_max: 500, streams_max: 32, captions_bytes_max: 512 << 10, captions_languages_max: 20 });
  } finally {
    await strict.stop();
  }
});

test("limits: pixels, frame rate and streams, with the value beside the limit", { skip, timeout: 60_000 }, async () => {
  const strict = await Server.start({ args: ["--uploads.pixels_max=200000", "--uploads.frame_rate_max=24", "--uploads.streams_max=3"] });
  try {
    const maker = await new Client(strict.url).signUp("maker");
    for (const [file, code, sentence] of [
      ["mdn-pig.mp4", "too_many_pixels", /720 x 480, 0\.3 megapixels; the limit here is 0\.2\..*smaller/],
      ["tc-h264-10bit.mp4", "frame_rate_too_high", /30\.0 frames a second; the limit here is 24\. Export it at 24 or fewer/],
      ["nasa-13013-multistream.mp4", "too_many_streams", /4 streams or more; the limit here is 3\./],
    ] as const) {
      const upload = await send(maker, clip(file), { filename: file });
      const video = await settled(maker, (await publish(maker, upload)).id);
      assert.equal(video.state, "refused", file);
      assert.equal(video.refusal.code, code, JSON.stringify(video.refusal));
      assert.match(video.refusal.detail, sentence);
    }
  } finally {
    await strict.stop();
  }
});

// ---- The protocol, by hand ----

async function create(length: number, by = client): Promise<string> {
  const response = await by.raw("POST", "/api/v1/uploads", undefined, { ...version,
    "upload-length": String(length), "upload-metadata": "filename YS5tcDQ=" });
  assert.equal(response.status, 201);
  assert.equal(response.headers.get("tus-resumable"), "1.0.0");
  return response.headers.get("location")!;
}

async function patch(path: string, offset: number | string, bytes: Buffer, more: Record<string, string> = {}): Promise<Response> {
  return await fetch(server.url + path, { method: "PATCH", body: new Uint8Array(bytes),
    headers: { authorization: `Bearer ${client.token}`, "content-type": "application/offset+octet-stream",
      "upload-offset": String(offset), ...version, ...more } });
}

// The beginning of an MP4, as far as anybody looks before it is all there.
const head = Buffer.concat([Buffer.from("\0\0\0\x18ftypisom\0\0\x02\0isomiso2", "latin1"), Buffer.alloc(4000)]);

test("OPTIONS says what is spoken, without signing in", async () => {
  const response = await fetch(server.url + "/api/v1/uploads", { method: "OPTIONS" });
  assert.equal(response.status, 204);
  assert.equal(response.headers.get("tus-version"), "1.0.0");
  assert.deepEqual(response.headers.get("tus-extension")!.split(",").sort(), ["creation", "expiration", "termination"]);
  assert.equal(response.headers.get("tus-max-size"), String(1024 << 20));
});

test("an upload needs an account", async () => {
  const headers = { ...version, "upload-length": "1000" };
  assert.equal((await new Client(server.url).raw("POST", "/api/v1/uploads", undefined, headers)).status, 401);
  const anonymous = await new Client(server.url).anonymous();
  assert.equal((await anonymous.raw("POST", "/api/v1/uploads", undefined, headers)).status, 401);
});

test("another version of tus is refused with the one that is spoken", async () => {
  const path = await create(1000);
  for (const [method, at] of [["POST", "/api/v1/uploads"], ["HEAD", path], ["DELETE", path]]) {
    for (const headers of [{ "tus-resumable": "0.2.2" }, {}] as Record<string, string>[]) {
      const response = await client.raw(method, at, undefined, { "upload-length": "5", ...headers });
      assert.equal(response.status, 412, method);
      assert.equal(response.headers.get("tus-version"), "1.0.0");
    }
  }
  assert.equal((await patch(path, 0, head.subarray(0, 10), { "tus-resumable": "2.0.0" })).status, 412);
  assert.equal((await client.raw("DELETE", path, undefined, version)).status, 204);
});

test("pieces: offsets, types, and not more than announced", async () => {
  const path = await create(head.length);
  assert.equal((await patch(path, 5, head.subarray(5))).status, 409);
  assert.equal((await patch(path, "x", head)).status, 422);
  assert.equal((await patch(path, 0, head, { "content-type": "video/mp4" })).status, 415);
  const first = await patch(path, 0, head.subarray(0, 1000));
  assert.equal(first.status, 204);
  assert.equal(first.headers.get("upload-offset"), "1000");
  const expires = Date.parse(first.headers.get("upload-expires")!);
  assert.ok(Math.abs(expires - Date.now() - 24 * 3600_000) < 60_000, "expires a day after the last piece");

  const again = await patch(path, 0, head.subarray(0, 1000));
  assert.equal(again.status, 409);
  assert.match((await again.json() as any).detail, /at byte 1000, not at 0/);
  const tooMuch = await patch(path, 1000, head);
  assert.equal(tooMuch.status, 422);
  assert.equal((await tooMuch.json() as any).type, "/problems/upload_too_long");

  const state = await client.raw("HEAD", path, undefined, version);
  assert.equal(state.status, 200);
  assert.equal(state.headers.get("upload-length"), String(head.length));
  assert.equal(state.headers.get("cache-control"), "no-store");
  const offset = Number(state.headers.get("upload-offset"));
  assert.equal((await patch(path, offset, head.subarray(offset))).headers.get("upload-offset"), String(head.length));
  assert.equal((await client.raw("DELETE", path, undefined, version)).status, 204);
});

test("publishing needs the whole file", async () => {
  const path = await create(head.length);
  await patch(path, 0, head.subarray(0, 1000));
  await assert.rejects(publish(client, uploadId(server.url + path)), (error: ProblemError) => {
    assert.equal(error.status, 409);
    assert.equal(error.problem.type, "/problems/upload_incomplete");
    assert.match(error.problem.detail, new RegExp(`1000 of ${head.length} bytes`));
    return true;
  });
  await client.raw("DELETE", path, undefined, version);
});

test("somebody else's upload does not exist", async () => {
  const path = await create(head.length);
  const other = await new Client(server.url).signUp("other");
  assert.equal((await other.raw("HEAD", path, undefined, version)).status, 404);
  assert.equal((await other.raw("DELETE", path, undefined, version)).status, 404);
  const foreign = await patch(path, 0, head, { authorization: `Bearer ${other.token}` });
  assert.equal(foreign.status, 404);
  assert.equal((await client.raw("HEAD", path, undefined, version)).headers.get("upload-offset"), "0");
  await client.raw("DELETE", path, undefined, version);
});

test("termination removes the bytes and the upload", async () => {
  const path = await create(head.length);
  await patch(path, 0, head.subarray(0, 2000));
  assert.equal(leftovers(data, live).length, 1);
  assert.equal((await client.raw("DELETE", path, undefined, version)).status, 204);
  assert.equal((await client.raw("HEAD", path, undefined, version)).status, 404);
  assert.equal((await patch(path, 2000, head.subarray(2000))).status, 404);
  await nothingLeft();
});

test("unfinished uploads of one account are limited, with the way out", async () => {
  const paths = [];
  for (let i = 0; i < 8; ++i) paths.push(await create(head.length));
  const response = await client.raw("POST", "/api/v1/uploads", undefined, { ...version, "upload-length": "100" });
  assert.equal(response.status, 429);
  assert.match((await response.json() as any).detail, /8 uploads under way.*Finish or cancel one/);
  for (const path of paths) await client.raw("DELETE", path, undefined, version);
  await client.raw("DELETE", await create(head.length), undefined, version);
  await nothingLeft();
});

test("the author deletes a live video, and its media goes", { skip, timeout: 60_000 }, async () => {
  const video = await whole("tc-h265-10bit.mp4");
  await checkLive(video);
  live.splice(live.indexOf(video.id), 1);
  assert.equal((await client.raw("DELETE", `/api/v1/videos/${video.id}`)).ok, true);
  await nothingLeft();
  assert.equal((await client.raw("GET", video.renditions[0].url)).status, 404);
});
