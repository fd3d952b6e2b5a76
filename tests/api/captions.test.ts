// Captions: WebVTT by language, refused by the line that is wrong, written anew, served for good, in
// HLS too, and gone with the video.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, ProblemError } from "../support/client.ts";
import { Server, until } from "../support/server.ts";
import { goodClip } from "../support/hostile.ts";
import { leftovers, publish, send, settled } from "../support/upload.ts";

const english = "WEBVTT\n\n00:00.000 --> 00:00.400\nHello <b>there</b>\n";
const film = goodClip("clip.mp4", ["-c:v", "libx264", "-preset", "ultrafast"]);

const data = mkdtempSync(join(tmpdir(), "rondo-captions-"));
const args = ["--uploads.captions_kib_max=4", "--uploads.captions_languages_max=3"];
let server: Server;
let maker: Client;
let other: Client;
let video: any;

before(async () => {
  server = await Server.start({ data, args });
  maker = await new Client(server.url).signUp("maker");
  other = await new Client(server.url).signUp("other");
  video = await live();
}, { timeout: 120_000 });
after(async () => {
  await server?.stop();
  rmSync(data, { recursive: true, force: true });
});

async function live(): Promise<any> {
  const made = await publish(maker, await send(maker, film, { filename: "a.mp4" }));
  const settledVideo = await settled(maker, made.id);
  assert.equal(settledVideo.state, "live", JSON.stringify(settledVideo.refusal));
  return settledVideo;
}

const address = (language: string, id = video.id) => `/api/v1/videos/${id}/captions/${language}`;
async function put(who: Client, language: string, body: string | Uint8Array, id = video.id, type = "text/vtt"): Promise<any> {
  const response = await fetch(server.url + address(language, id), { method: "PUT", body: body as any,
    headers: { "content-type": type, ...(who.token ? { authorization: `Bearer ${who.token}` } : {}) } });
  const answer: any = await response.json();
  if (!response.ok) throw new ProblemError(response.status, answer);
  return answer;
}
const refused = (promise: Promise<any>): Promise<ProblemError> =>
  promise.then((value) => { throw new Error("was taken: " + JSON.stringify(value)); }, (error) => error);
const tracks = async (id = video.id) => (await maker.get(`/api/v1/videos/${id}`)).captions;
const read = (path: string, headers = {}) => fetch(server.url + path, { headers });

test("put, listed, served for good, replaced, removed", async () => {
  assert.deepEqual(video.captions, []);
  const track = await put(maker, "EN", english, video.id, "Text/VTT; charset=utf-8");
  assert.equal(track.language, "en");
  assert.deepEqual(await tracks(), [track]);
  const file = await read(track.url);
  assert.equal(file.status, 200);
  assert.equal(file.headers.get("content-type"), "text/vtt; charset=utf-8");
  assert.equal(file.headers.get("cache-control"), "public, max-age=31536000, immutable");
  assert.equal(file.headers.get("x-content-type-options"), "nosniff");
  assert.equal(await file.text(), "WEBVTT\n\n00:00:00.000 --> 00:00:00.400\nHello <b>there</b>\n");
  assert.equal((await read(track.url, { "if-none-match": file.headers.get("etag")! })).status, 304);
  const now = await read(address("en"));
  assert.match(now.headers.get("cache-control")!, /no-cache/);
  assert.match(await now.text(), /^WEBVTT\n/);

  assert.deepEqual(await put(maker, "en", english), track, "the same again is the same");
  const french = await put(maker, "fr", english.replace("Hello", "Bonjour"));
  const changed = await put(maker, "en", english.replace("Hello", "Bye"));
  assert.notEqual(changed.url, track.url);
  assert.deepEqual(await tracks(), [changed, french]);
  const before = await read(track.url);
  assert.match(await before.text(), /Bye/, "an address of before gives the present words");
  assert.match(before.headers.get("cache-control")!, /no-cache/);

  for (let again = 0; again < 2; ++again) await maker.call("DELETE", address("en"));
  assert.deepEqual(await tracks(), [french]);
  assert.equal((await read(track.url)).status, 404);
  assert.equal((await read(address("en"))).status, 404);
  await maker.call("DELETE", address("fr"));
});

test("a bad file is refused with the line, the value and what to do", async () => {
  const head = "WEBVTT\n\n";
  const cases: [string | Uint8Array, number, string, RegExp][] = [
    ["1\n00:00:01,000 --> 00:00:02,000\nSubRip\n", 422, "not_webvtt", /^Line 1 .*"WEBVTT".*\.vtt/],
    [head + "00:01.000 --> 2.5\nx", 422, "cue_time", /^Line 3 .*"2\.5" is not a time/],
    [head + "00:02.000 --> 00:01.000\nx", 422, "cue_order", /^Line 3 .*00:00:01\.000.*not after/],
    [head + "00:01.000 --> 00:02.000\nx\n00:03.000 --> 00:04.000\ny", 422, "cue_time", /^Line 5 .*empty line/],
    [Buffer.from([...Buffer.from(head + "00:01.000 --> 00:02.000\nna"), 0xef, 0x76]), 422, "not_text", /^Line 4 .*UTF-8/],
    [head, 422, "no_cues", /no cue/],
    ["WEBVTT\n\n" + "x".repeat(5000), 413, "too_large", /5\.0 kB; the limit here is 4\.1 kB/],
  ];
  for (const [body, status, reason, detail] of cases) {
    const error = await refused(put(maker, "en", body));
    assert.equal(error.status, status, error.message);
    assert.equal(error.problem.type, `/problems/${reason}`);
    assert.match(error.problem.detail, detail);
    assert.equal(error.problem.errors[0].field, "captions");
  }
  assert.equal((await refused(put(maker, "en", english, video.id, "application/json"))).status, 415);
  const language = await refused(put(maker, "english", english));
  assert.equal(language.status, 422);
  assert.match(language.problem.detail, /"english" is not a language.*"pt-BR"/);
  assert.deepEqual(await tracks(), []);
});

test("words in plainly another language are taken with a warning", async () => {
  const german = "WEBVTT\n\n00:00.000 --> 00:00.400\nHeute backen wir gemeinsam ein Brot mit Sauerteig\n\n" +
    "00:00.400 --> 00:00.800\nund ein wenig Geduld, denn der Teig muss <i>zwölf</i> Stunden ruhen, bevor er in den Ofen kommt.\n";
  assert.equal((await put(maker, "en", german)).text_language, "de");
  assert.equal((await tracks())[0].text_language, undefined, "told once, to whoever gave them");
  assert.equal((await put(maker, "de", german)).text_language, undefined);
  assert.equal((await put(maker, "fr", english)).text_language, undefined, "too short to say");
  for (const language of ["de", "en", "fr"]) await maker.call("DELETE", address(language));
});

test("only so many languages", async () => {
  for (const language of ["de", "en", "fr"]) await put(maker, language, english);
  const error = await refused(put(maker, "it", english));
  assert.equal(error.problem.type, "/problems/too_many_captions");
  assert.match(error.problem.detail, /in 3 languages.*limit here is 3.*remove one first/);
  await put(maker, "de", english.replace("Hello", "Hallo"));
  for (const language of ["de", "en", "fr"]) await maker.call("DELETE", address(language));
});

test("nobody else's to change", async () => {
  assert.equal((await refused(put(other, "en", english))).status, 403);
  assert.equal((await refused(put(new Client(server.url), "en", english))).status, 401);
  assert.equal((await refused(other.call("DELETE", address("en")))).status, 403);
  assert.equal((await refused(put(maker, "en", english, "no-such-video"))).status, 404);
});

test("HLS offers them, and plays without when there are none", async () => {
  assert.match(video.hls_url, /^\/media\/[^/]+\/master-\d+\.m3u8$/);
  const track = await put(maker, "pt-BR", english);
  const { hls_url } = await maker.get(`/api/v1/videos/${video.id}`);
  const at = new URL(hls_url, server.url);
  const master = await (await fetch(at)).text();
  const media = /#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="pt-br",LANGUAGE="pt-br",.*URI="([^"]+)"/.exec(master);
  assert.ok(media, master);
  const variants = master.split("\n").filter((line) => line.startsWith("#EXT-X-STREAM-INF:"));
  assert.ok(variants.length > 0 && variants.every((line) => line.endsWith(',SUBTITLES="captions"')), master);
  for (const line of master.split("\n").filter((line) => line !== "" && !line.startsWith("#"))) {
    assert.equal((await fetch(new URL(line, at))).status, 200, line);
  }
  const list = await fetch(new URL(media[1], at));
  assert.equal(list.headers.get("content-type"), "application/vnd.apple.mpegurl");
  const lines = (await list.text()).split("\n");
  const words = lines.find((line) => line !== "" && !line.startsWith("#"))!;
  assert.equal(new URL(words, new URL(media[1], at)).pathname, track.url);

  await maker.call("DELETE", address("pt-BR"));
  const plain = await (await fetch(at)).text();
  assert.doesNotMatch(plain, /SUBTITLES/, "who holds the address still plays");
  assert.match(plain, /#EXT-X-STREAM-INF/);
});

test("they are counted, survive a kill, and go with their video", { timeout: 120_000 }, async () => {
  const used = async () => (await maker.get("/api/v1/accounts/me/storage")).used_bytes;
  const doomed = await live();
  await until("the upload to go", async () => (await maker.get("/api/v1/accounts/me/storage")).uploads_bytes === 0);
  const before = await used();
  const track = await put(maker, "en", english, doomed.id);
  const size = (await (await read(track.url)).arrayBuffer()).byteLength;
  assert.equal(await used(), before + size);
  await maker.call("DELETE", `/api/v1/videos/${doomed.id}`);
  assert.equal((await read(track.url)).status, 404);
  assert.equal((await refused(put(maker, "en", english, doomed.id))).status, 404);
  await until("its files to go", async () => leftovers(server.data, [video.id]).length === 0);

  const kept = await put(maker, "en", english);
  await server.kill();
  server = await Server.start({ data, args });
  maker = new Client(server.url, maker.token);
  assert.deepEqual(await tracks(), [kept]);
});

test("of a video that is not live they are its author's alone", { timeout: 60_000 }, async () => {
  const made = await publish(maker, await send(maker, film.subarray(0, 600), { filename: "a.mp4" }));
  const track = await put(maker, "en", english, made.id);
  assert.equal((await settled(maker, made.id)).state, "refused");
  assert.equal((await read(track.url)).status, 404);
  assert.equal((await refused(put(other, "fr", english, made.id))).status, 404);
  const own = await maker.raw("GET", track.url);
  assert.equal(own.status, 200);
  assert.match(own.headers.get("cache-control")!, /private, no-cache/);
});
