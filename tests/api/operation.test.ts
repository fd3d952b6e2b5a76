// What an administrator sees and does: the queue of work, calling off, trying again, room.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { Client, ProblemError } from "../support/client.ts";
import { goodClip } from "../support/hostile.ts";
import { binary, Server, until } from "../support/server.ts";
import { leftovers, publish, send, settled } from "../support/upload.ts";

const film = goodClip("clip.mp4", ["-c:v", "libx264", "-preset", "ultrafast"]);
// Much to code, so that it is caught at work.
const long = goodClip("long.mp4", ["-vf", "scale=1920:1080", "-r", "60", "-c:v", "libx264", "-preset", "ultrafast"], 6);

let server: Server;
let boss: Client;
let maker: Client;

before(async () => {
  server = await Server.start({ args: ["--uploads.account_quota_mib=100", "--uploads.network_quota_mib=1000"] });
  const made = spawnSync(binary, ["admin", "create-user", "boss", "--role", "admin"],
    { input: "correct horse battery\n", encoding: "utf8", timeout: 20_000, env: { ...process.env, RONDO_DATA: server.data } });
  assert.equal(made.status, 0, made.stderr);
  boss = await new Client(server.url).signIn("boss");
  maker = await new Client(server.url).signUp("maker");
}, { timeout: 60_000 });
after(async () => { await server?.stop(); });

const queue = () => boss.get("/api/v1/operation/jobs");
const refused = (promise: Promise<any>): Promise<ProblemError> =>
  promise.then(() => { throw new Error("was done"); }, (error) => error);
const posted = async (bytes: Buffer, caption: string): Promise<any> => publish(maker, await send(maker, bytes, { filename: "a.mp4" }), caption);
const jobOf = async (video: string) => (await queue()).items.find((job: any) => job.video_id === video);

test("for administrators only", async () => {
  const anonymous = await new Client(server.url).anonymous();
  for (const [method, path] of [["GET", "/api/v1/operation/jobs"], ["GET", "/api/v1/operation/storage"],
    ["DELETE", "/api/v1/operation/jobs/abc"], ["POST", "/api/v1/operation/jobs/abc/retry"]] as const) {
    assert.equal((await refused(maker.call(method, path))).status, 403, path);
    assert.equal((await refused(anonymous.call(method, path))).status, 401, path);
  }
  assert.equal((await refused(boss.call("DELETE", "/api/v1/operation/jobs/0123456789abc"))).status, 404);
  assert.equal((await refused(boss.call("POST", "/api/v1/operation/jobs/0123456789abc/retry"))).status, 404);
});

test("work is seen with its owner and called off, running or waiting", { timeout: 120_000 }, async () => {
  assert.deepEqual(await queue(), { running: 0, waiting: 0, failed: 0, items: [] });
  const runs = await posted(long, "The long one");
  const waits = await posted(long, "The next one");
  const running = await until("one to run", async () => {
    const job = await jobOf(runs.id);
    return job?.state === "running" && job.progress > 0 && job;
  }, 60_000);
  assert.equal(running.purpose, "publish");
  assert.equal(running.owner, "maker");
  assert.equal(running.caption, "The long one");
  assert.equal(running.video_state, "processing");
  assert.equal(running.attempts, 1);
  assert.ok(Date.parse(running.since) > 0 && running.can_cancel && !running.can_retry);
  const waiting = await jobOf(waits.id);
  assert.deepEqual([waiting.state, waiting.attempts, waiting.can_cancel, waiting.can_retry], ["waiting", 0, true, false]);
  const all = await queue();
  assert.deepEqual([all.running, all.waiting, all.failed, all.items.length], [1, 1, 0, 2]);
  const early = await refused(boss.call("POST", `/api/v1/operation/jobs/${running.id}/retry`));
  assert.equal(early.status, 409);
  assert.match(early.problem.detail, /is running/);

  for (const job of [waiting, running]) await boss.call("DELETE", `/api/v1/operation/jobs/${job.id}`);
  for (const video of [runs, waits]) {
    const now = await maker.get(`/api/v1/videos/${video.id}`);
    assert.equal(now.state, "refused");
    assert.equal(now.refusal.code, "called_off");
    assert.match(now.refusal.detail, /called the processing of this video off.*Ask them/);
  }
  await until("nothing to be left of it", async () => (await queue()).items.length === 0 && leftovers(server.data).length === 0, 20_000);
  const late = await refused(boss.call("DELETE", `/api/v1/operation/jobs/${running.id}`));
  assert.equal(late.status, 409);
  assert.match(late.problem.detail, /has ended/);
});

test("a live video whose rest is called off stays live", { timeout: 120_000 }, async () => {
  const made = await posted(long, "Enough as it is");
  const finishing = await until("its rest to be made", async () => {
    const job = await jobOf(made.id);
    return job?.purpose === "finish" && job.state === "running" && job;
  }, 90_000);
  assert.equal(finishing.video_state, "live");
  await boss.call("DELETE", `/api/v1/operation/jobs/${finishing.id}`);
  await until("the queue to be empty", async () => (await queue()).items.length === 0, 20_000);
  const now = await maker.get(`/api/v1/videos/${made.id}`);
  assert.equal(now.state, "live");
  assert.equal(now.renditions.length, 1);
  assert.deepEqual(leftovers(server.data, [made.id]).filter((file) => file.includes("/uploads/")), []);
  await maker.call("DELETE", `/api/v1/videos/${made.id}`);
});

test("room: in all, and of whom", { timeout: 60_000 }, async () => {
  const small = await new Client(server.url).signUp("small");
  const video = await posted(film, "");
  assert.equal((await settled(maker, video.id)).state, "live");
  await until("the queue to be empty", async () => (await queue()).items.length === 0, 60_000);
  const version = { "tus-resumable": "1.0.0", "upload-length": "123" };
  assert.equal((await small.raw("POST", "/api/v1/uploads", undefined, version)).status, 201);
  const { total, account_bytes_max, accounts } = await boss.get("/api/v1/operation/storage");
  const own = await maker.get("/api/v1/accounts/me/storage");
  assert.equal(account_bytes_max, 100 << 20);
  assert.deepEqual(accounts, [
    { handle: "maker", used_bytes: own.used_bytes, uploads_bytes: 0 },
    { handle: "small", used_bytes: 123, uploads_bytes: 123 }]);
  assert.deepEqual(total, { used_bytes: own.used_bytes + 123, uploads_bytes: 123, bytes_max: 1000 << 20 });
});
