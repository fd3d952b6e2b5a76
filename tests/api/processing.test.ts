// What happens between publishing and playing: trims and covers, how far it is by server-sent
// events, and calling it off.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client, ProblemError } from "../support/client.ts";
import { Server, until } from "../support/server.ts";
import { finished, leftovers, send, settled } from "../support/upload.ts";

const run = promisify(execFile);
let data: string;
let server: Server;
let client: Client;

before(async () => {
  data = mkdtempSync(join(tmpdir(), "rondo-processing-"));
  server = await Server.start({ data, args: ["--uploads.duration_seconds_max=8", "--server.streams_max=3"] });
  client = await new Client(server.url).signUp("maker");
});
after(async () => {
  await server?.stop();
  rmSync(data, { recursive: true, force: true });
});

// Each second of it in a grey of its own.
const greys = async (seconds: number, size = "320x240"): Promise<Buffer> => {
  const file = join(data, `greys-${seconds}-${size}.mp4`);
  if (!existsSync(file)) {
    await run("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i",
      `color=black:size=${size}:rate=25:duration=${seconds},format=yuv420p,geq=lum='16+20*floor(N/25)':cb=128:cr=128`,
      "-f", "lavfi", "-i", `sine=frequency=440:sample_rate=48000:duration=${seconds}`,
      "-c:v", "libx264", "-preset", "ultrafast", "-crf", "8", "-g", "1000", "-c:a", "aac", file]);
  }
  return readFileSync(file);
};

async function grey(url: string, at_seconds: number): Promise<number> {
  const file = join(data, "look");
  writeFileSync(file, Buffer.from(await (await client.raw("GET", url)).arrayBuffer()));
  const { stdout } = await run("ffmpeg", ["-v", "error", "-ss", String(at_seconds), "-i", file, "-frames:v", "1", "-vf",
    "format=yuv420p,crop=2:2,extractplanes=y,crop=1:1", "-f", "rawvideo", "-"], { encoding: "buffer" });
  return stdout[0];
}
const near = (got: number, want: number, what: string) =>
  assert.ok(Math.abs(got - want) <= 6, `${what}: a grey of ${got}, not about ${want}`);

async function publish(bytes: Buffer, more: object, by = client): Promise<any> {
  const upload_id = await send(by, bytes, { filename: "a.mp4" });
  return await by.post("/api/v1/videos", { upload_id, caption: "", ...more });
}

interface Heard { type: string; data: any }
// Events as they come, until the server ends them or `enough` says so.
async function listen(path: string, enough: (heard: Heard[]) => boolean = () => false, by = client): Promise<Heard[]> {
  const abort = new AbortController();
  const response = await fetch(by.url + path, {
    headers: { authorization: `Bearer ${by.token}`, accept: "text/event-stream" },
    signal: AbortSignal.any([abort.signal, AbortSignal.timeout(120_000)]),
  });
  if (!response.ok) throw new ProblemError(response.status, await response.json());
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  assert.equal(response.headers.get("cache-control"), "no-store");
  const heard: Heard[] = [];
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const type = text.slice(0, end).match(/^event: (.*)$/m)?.[1];
      if (type) heard.push({ type, data: JSON.parse(text.slice(0, end).match(/^data: (.*)$/m)![1]) });
      text = text.slice(end + 2);
    }
    if (enough(heard)) break;
  }
  abort.abort();
  return heard;
}

test("a trim is cut to the frame, a cover is the picture of its moment", { timeout: 180_000 }, async () => {
  // Ten seconds, of which two may not be published.
  const made = await publish(await greys(10), { trim: { start_ms: 3_480, end_ms: 6_480 }, cover_ms: 1_600 });
  const upload = readdirSync(join(data, "uploads")).find((name) => name.endsWith(".part"))!.slice(0, -5);
  const heard = await listen(`/api/v1/videos/${made.id}/events`);
  const last = heard.at(-1)!.data;
  assert.equal(last.state, "live", JSON.stringify(last.refusal));
  const video = await finished(client, data, made.id, upload);
  assert.ok(Math.abs(video.duration_ms - 3_000) <= 40, `${video.duration_ms} ms`);
  // From the thirteenth frame of the fourth second: half a second of it, then the fifth.
  for (const rendition of video.renditions) {
    near(await grey(rendition.url, 0), 16 + 60, "at the start");
    near(await grey(rendition.url, 0.48), 16 + 60, "before the second ends");
    near(await grey(rendition.url, 0.56), 16 + 80, "when the next begins");
    near(await grey(rendition.url, 2.9), 16 + 120, "at the end");
  }
  near(await grey(video.poster_url, 0), 16 + 60, "the poster is the first picture");
  near(await grey(video.cover_url, 0), 16 + 100, "the cover is that of 5.08 s");
  await until("nothing to be left behind", async () => leftovers(data, [made.id]).length === 0);
});

test("what is wrong with a trim or cover is said with the numbers", { timeout: 120_000 }, async () => {
  const bytes = await greys(2);
  const upload_id = await send(client, bytes, { filename: "a.mp4" });
  const refused = async (more: object, field: string, type: string, detail: RegExp) => {
    await assert.rejects(client.post("/api/v1/videos", { upload_id, caption: "", ...more }), (error: ProblemError) => {
      assert.equal(error.status, 422);
      assert.equal(error.problem.type, `/problems/${type}`);
      assert.equal(error.problem.errors[0].field, field);
      assert.match(error.problem.detail, detail);
      return true;
    });
  };
  await refused({ trim: { start_ms: 1000, end_ms: 1200 } }, "trim", "trim_too_short", /leaves 200 ms; leave at least 500 ms/);
  await refused({ trim: { start_ms: 1500, end_ms: 200 } }, "trim", "trim_too_short", /-1300 ms/);
  await refused({ trim: { start_ms: -1, end_ms: 900 } }, "trim.start_ms", "out_of_range", /-1 ms/);
  await refused({ trim: { start_ms: 0, end_ms: 1e12 } }, "trim.end_ms", "out_of_range", /1000000000000 ms/);
  await refused({ trim: { start_ms: 100, end_ms: 900 }, cover_ms: 800 }, "cover_ms", "cover_beyond_end", /at 800 ms.*ends at 800 ms/);
  await assert.rejects(client.post("/api/v1/videos", { upload_id, caption: "", trim: { start_ms: 5 } }), /422|400/);

  // What only the file can tell.
  const made = await client.post("/api/v1/videos", { upload_id, caption: "", trim: { start_ms: 4000, end_ms: 5000 } });
  const video = await settled(client, made.id);
  assert.equal(video.refusal.code, "trim_beyond_end");
  assert.match(video.refusal.detail, /begins at 4\.0 s, but the picture ends at 2\.0 s/);
  const long = await settled(client, (await publish(await greys(10), { trim: { start_ms: 500, end_ms: 9_500 } })).id);
  assert.equal(long.refusal.code, "duration_too_long");
  assert.match(long.refusal.detail, /leaves 9\.0 s; the limit here is 8\.0 s/);
});

test("progress comes as events: in order, to the end, to its author alone", { timeout: 180_000 }, async () => {
  const made = await publish(await greys(7, "1280x720"), {});
  const path = `/api/v1/videos/${made.id}/events`;
  const other = await new Client(server.url).signUp("other");
  await assert.rejects(listen(path, undefined, other), (error: ProblemError) => error.status === 404);
  await assert.rejects(new Client(server.url).get(path), (error: ProblemError) => error.status === 401);
  await assert.rejects(client.get("/api/v1/videos/nothing/events"), (error: ProblemError) => error.status === 404);

  const heard = await listen(path);
  assert.ok(heard.every((event) => event.type === "video" && event.data.id === made.id));
  const progress = heard.slice(0, -1).map((event) => event.data.progress);
  assert.ok(progress.length >= 3, `only ${progress.length} steps`);
  assert.ok(progress.every((p, i) => p >= (progress[i - 1] ?? 0) && p <= 1), progress.join(" "));
  const end = heard.at(-1)!.data;
  assert.equal(end.state, "live");
  assert.deepEqual(end, await client.get(`/api/v1/videos/${made.id}`), "the same as asking");
  // Of a video that is done there is one event, for everybody.
  assert.deepEqual((await listen(path, undefined, other)).map((event) => event.data.state), ["live"]);
});

test("who follows is bounded; more are told to ask instead, and gone clients make room", { timeout: 180_000 }, async () => {
  const made = await publish(await greys(7, "1920x1080"), {});
  const path = `/api/v1/videos/${made.id}/events`;
  const leave = new AbortController();
  const headers = { authorization: `Bearer ${client.token}` };
  const open = await Promise.all([1, 2, 3].map(() => fetch(server.url + path, { headers, signal: leave.signal })));
  assert.deepEqual(open.map((response) => response.status), [200, 200, 200]);
  const more = await client.raw("GET", path);
  assert.equal(more.status, 429);
  assert.ok(Number(more.headers.get("retry-after")) > 0);
  assert.match((await more.json() as any).detail, /ask for the video itself/);
  leave.abort();
  await until("room", async () => {
    const abort = new AbortController();
    const response = await fetch(server.url + path, { headers, signal: abort.signal });
    abort.abort();
    return response.status === 200;
  });
  await client.call("DELETE", `/api/v1/videos/${made.id}`);
});

// FFmpeg processes below the server, by /proc.
function ffmpegs(): number[] {
  const parent = new Map<number, number>(), name = new Map<number, string>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const [, command, rest] = stat.match(/^\d+ \((.*)\) (.*)$/s)!;
      parent.set(Number(entry), Number(rest.split(" ")[1]));
      name.set(Number(entry), command);
    } catch { /* ended meanwhile */ }
  }
  const below = (pid: number): boolean => pid === server.pid || (pid > 1 && below(parent.get(pid) ?? 0));
  return [...name].filter(([pid, n]) => /^(ffmpeg|bwrap)$/.test(n) && below(pid)).map(([pid]) => pid);
}

test("deleting while it is processed ends FFmpeg at once and leaves nothing", { timeout: 180_000 }, async () => {
  const kept = (await client.get("/api/v1/accounts/me/videos")).items.filter((v: any) => v.state === "live").map((v: any) => v.id);
  for (const [what, more] of [["transcoding", {}], ["trimming", { trim: { start_ms: 500, end_ms: 7_000 } }]] as const) {
    const made = await publish(await greys(7, "1920x1080"), more);
    const events = listen(`/api/v1/videos/${made.id}/events`);
    await until(`${what} to begin`, async () =>
      ((await client.get(`/api/v1/videos/${made.id}`)).progress ?? 1) > 0 && ffmpegs().length > 0, 60_000);
    const before = ffmpegs();
    await client.call("DELETE", `/api/v1/videos/${made.id}`);
    await until(`${what} to end`, async () => before.every((pid) => !existsSync(`/proc/${pid}`)), 3_000);
    assert.equal((await events).at(-1)!.type, "gone");
    await until("nothing to be left behind", async () => leftovers(data, kept).length === 0);
    await assert.rejects(client.get(`/api/v1/videos/${made.id}`), (error: ProblemError) => error.status === 404);
  }
});
