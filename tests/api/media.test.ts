// How media is served: ranges, validators, types, and files that plain <video> and HLS both play.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { request, type IncomingMessage } from "node:http";
import { Client } from "../support/client.ts";
import { hasSharedData, Server } from "../support/server.ts";
import { clip, finished, publish, send, settled } from "../support/upload.ts";

const skip = hasSharedData("clips") ? false : "the sample clips are not here (RONDO_SHARED_DATA)";

let server: Server;
let video: any;
let path: string; // of the best rendition
let whole: Buffer;

before(async () => {
  if (skip) return;
  server = await Server.start();
  const client = await new Client(server.url).signUp("maker");
  const upload = await send(client, clip("mdn-flower.mp4"), { filename: "flower.mp4" });
  video = await settled(client, (await publish(client, upload)).id);
  assert.equal(video.state, "live", JSON.stringify(video.refusal));
  video = await finished(client, server.data, video.id, upload);
  path = video.renditions[0].url;
  whole = (await get(path)).body;
  assert.equal(whole.length, video.renditions[0].size_bytes);
}, { timeout: 180_000 });
after(async () => { await server?.stop(); });

interface Answer { status: number; headers: IncomingMessage["headers"]; body: Buffer }

// node:http, because fetch hides what it does with ranges and lengths.
function get(at: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = request(server.url + at, { method, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => done({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }));
      response.on("error", fail);
    });
    sent.setTimeout(20_000, () => sent.destroy(new Error(`${method} ${at}: no answer`)));
    sent.on("error", fail);
    sent.end();
  });
}

test("the whole file: type, length, validators, for ever", { skip }, async () => {
  const answer = await get(path);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["content-type"], "video/mp4");
  assert.equal(answer.headers["content-length"], String(whole.length));
  assert.equal(answer.headers["accept-ranges"], "bytes");
  assert.match(answer.headers.etag!, /^"[^"]+"$/);
  assert.match(answer.headers["cache-control"]!, /public.*max-age=31536000.*immutable/);
  assert.equal(answer.headers["x-content-type-options"], "nosniff");
});

test("content types", { skip }, async () => {
  assert.equal((await get(video.poster_url)).headers["content-type"], "image/jpeg");
  assert.equal((await get(video.hls_url)).headers["content-type"], "application/vnd.apple.mpegurl");
});

test("HEAD is GET without the bytes", { skip }, async () => {
  const answer = await get(path, {}, "HEAD");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["content-length"], String(whole.length));
  assert.equal(answer.body.length, 0);
  const part = await get(path, { range: "bytes=10-19" }, "HEAD");
  assert.equal(part.body.length, 0);
});

test("ranges are exactly the bytes asked for", { skip }, async () => {
  const n = whole.length;
  const cases: [string, number, number][] = [
    ["bytes=0-0", 0, 0],
    ["bytes=0-1023", 0, 1023],
    [`bytes=${n >> 1}-${(n >> 1) + 70_000}`, n >> 1, (n >> 1) + 70_000],
    [`bytes=${n - 1}-`, n - 1, n - 1],
    ["bytes=1000-", 1000, n - 1],
    ["bytes=-500", n - 500, n - 1],
    [`bytes=-${n + 100}`, 0, n - 1],
    [`bytes=${n - 10}-${n + 1000}`, n - 10, n - 1],
  ];
  for (const [range, first, last] of cases) {
    const answer = await get(path, { range });
    assert.equal(answer.status, 206, range);
    assert.equal(answer.headers["content-range"], `bytes ${first}-${last}/${n}`, range);
    assert.equal(answer.headers["content-length"], String(last - first + 1), range);
    assert.ok(answer.body.equals(whole.subarray(first, last + 1)), range);
  }
});

test("ranges that cannot be met, and headers that mean nothing", { skip }, async () => {
  for (const range of [`bytes=${whole.length}-`, `bytes=${whole.length + 5}-${whole.length + 9}`, "bytes=-0"]) {
    const answer = await get(path, { range });
    assert.equal(answer.status, 416, range);
    assert.equal(answer.headers["content-range"], `bytes */${whole.length}`);
  }
  for (const range of ["bytes=5-2", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes=-",
    "bytes=99999999999999999999999-"]) {
    const answer = await get(path, { range });
    assert.equal(answer.status, 200, range);
    assert.equal(answer.body.length, whole.length, range);
  }
});

test("If-Range: a part of the same file, or the whole of another", { skip }, async () => {
  const { etag } = (await get(path, {}, "HEAD")).headers;
  const same = await get(path, { range: "bytes=0-9", "if-range": etag! });
  assert.equal(same.status, 206);
  assert.equal(same.body.length, 10);
  const other = await get(path, { range: "bytes=0-9", "if-range": '"other"' });
  assert.equal(other.status, 200);
  assert.equal(other.body.length, whole.length);
});

test("If-None-Match: 304 for the same file, in a list, weak or for any", { skip }, async () => {
  const { etag } = (await get(path, {}, "HEAD")).headers;
  for (const header of [etag!, `"a", ${etag}`, `W/${etag}`, "*"]) {
    const answer = await get(path, { "if-none-match": header });
    assert.equal(answer.status, 304, header);
    assert.equal(answer.body.length, 0);
    assert.equal(answer.headers.etag, etag);
    assert.match(answer.headers["cache-control"]!, /immutable/);
  }
  assert.equal((await get(path, { "if-none-match": '"other"' })).status, 200);
  const etags = new Set(await Promise.all([...video.renditions.map((r: any) => r.url), video.poster_url, video.hls_url]
    .map(async (url) => (await get(url, {}, "HEAD")).headers.etag)));
  assert.equal(etags.size, video.renditions.length + 2, "each file its own");
});

test("what is not there is 404, and nothing beside media can be read", { skip }, async () => {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  for (const at of [folder + "4000p.mp4", "/media/0000000000000/480p.mp4", "/media/nonsense/480p.mp4", folder,
    folder + "..%2f..%2f..%2f..%2flock", folder + ".", folder + "%00"]) {
    const answer = await get(at);
    assert.ok([400, 404].includes(answer.status), `${at}: ${answer.status}`);
    assert.equal(answer.headers["content-type"], "application/problem+json");
  }
});

test("many readers of parts at once", { skip, timeout: 60_000 }, async () => {
  const size = Math.ceil(whole.length / 64);
  const parts = await Promise.all(Array.from({ length: 64 }, (_, i) =>
    get(path, { range: `bytes=${i * size}-${Math.min(whole.length, (i + 1) * size) - 1}` })));
  assert.ok(Buffer.concat(parts.map((part) => part.body)).equals(whole));
});

// ---- What the file is ----

interface Box { type: string; offset: number; size: number }
function boxes(bytes: Buffer): Box[] {
  const found: Box[] = [];
  for (let offset = 0; offset < bytes.length;) {
    let size = bytes.readUInt32BE(offset);
    if (size === 1) size = Number(bytes.readBigUInt64BE(offset + 8));
    assert.ok(size >= 8 && offset + size <= bytes.length, `a box of ${size} bytes at ${offset}`);
    found.push({ type: bytes.toString("latin1", offset + 4, offset + 8), offset, size });
    offset += size;
  }
  return found;
}

test("moov, then the index, in front; then fragments to the end", { skip }, async () => {
  for (const rendition of video.renditions) {
    const file = (await get(rendition.url)).body;
    const all = boxes(file);
    const types = all.map((box) => box.type).join(" ");
    assert.match(types, /^ftyp moov( sidx)+( moof mdat)+$/, types);

    // The picture's index covers every fragment, without a gap, to the end of the file.
    const sidx = all.find((box) => box.type === "sidx")!;
    const body = file.subarray(sidx.offset + 8);
    const wide = body[0] === 1;
    const first = wide ? Number(body.readBigUInt64BE(20)) : body.readUInt32BE(16);
    const count = body.readUInt16BE((wide ? 28 : 20) + 2);
    let at = sidx.offset + sidx.size + first;
    const fragments = all.filter((box) => box.type === "moof").map((box) => box.offset);
    assert.equal(count, fragments.length);
    for (let i = 0; i < count; ++i) {
      assert.equal(at, fragments[i], `fragment ${i}`);
      at += body.readUInt32BE((wide ? 32 : 24) + i * 12) & 0x7fffffff;
    }
    assert.equal(at, file.length);
    assert.equal(all[0].offset, 0);
  }
});

test("HLS: every rendition in the list, whose byte ranges tile the very same file", { skip }, async () => {
  const master = (await get(video.hls_url)).body.toString();
  const lines = master.split("\n");
  const variants = lines.flatMap((line, i) => line.startsWith("#EXT-X-STREAM-INF:") ? [{ info: line, uri: lines[i + 1] }] : []);
  assert.equal(variants.length, video.renditions.length);
  for (const variant of variants) {
    const rendition = video.renditions.find((r: any) => r.url.endsWith(`/${variant.uri.replace(".m3u8", ".mp4")}`));
    assert.ok(rendition, variant.uri);
    assert.match(variant.info, new RegExp(`RESOLUTION=${rendition.width}x${rendition.height}\\b`));
    assert.match(variant.info, /CODECS="avc1\.64[0-9a-f]{4},mp4a\.40\.2"/);
    const at = new URL(variant.uri, server.url + video.hls_url).pathname;
    const playlist = await get(at);
    assert.equal(playlist.headers["content-type"], "application/vnd.apple.mpegurl");
    const text = playlist.body.toString();
    assert.match(text, /#EXT-X-PLAYLIST-TYPE:VOD/);
    assert.match(text, /#EXT-X-ENDLIST\n$/);

    const file = (await get(rendition.url)).body;
    const map = /#EXT-X-MAP:URI="([^"]+)",BYTERANGE="(\d+)@(\d+)"/.exec(text)!;
    assert.equal(new URL(map[1], server.url + at).pathname, rendition.url, "the file that plain <video> plays");
    const all = boxes(file);
    const moov = all.find((box) => box.type === "moov")!;
    assert.equal(Number(map[3]), 0);
    assert.equal(Number(map[2]), moov.offset + moov.size, "ftyp and moov");

    const target = Number(/#EXT-X-TARGETDURATION:(\d+)/.exec(text)![1]);
    let next = all.find((box) => box.type === "moof")!.offset;
    let seconds = 0;
    for (const segment of text.matchAll(/#EXTINF:([\d.]+),\n#EXT-X-BYTERANGE:(\d+)@(\d+)\n(.+)\n/g)) {
      assert.equal(Number(segment[3]), next, "no gap, no overlap");
      assert.equal(file.toString("latin1", next + 4, next + 8), "moof");
      assert.equal(new URL(segment[4], server.url + at).pathname, rendition.url);
      assert.ok(Math.round(Number(segment[1])) <= target);
      next += Number(segment[2]);
      seconds += Number(segment[1]);
    }
    assert.equal(next, file.length, "to the end of the file");
    assert.ok(Math.abs(seconds * 1000 - video.duration_ms) < 100, `${seconds} s of ${video.duration_ms} ms`);
  }
});
