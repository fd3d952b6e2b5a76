// Room: what an account takes up, quotas, originals, and turns between accounts.
import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "../support/client.ts";
import { Server, until } from "../support/server.ts";
import { finished, leftovers, publish, send, settled, UploadError } from "../support/upload.ts";

function film(seconds: number): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "rondo-film-"));
  const file = join(folder, "a.mp4");
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", `testsrc2=size=320x240:rate=25:duration=${seconds}`,
    "-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", file]);
  const bytes = readFileSync(file);
  rmSync(folder, { recursive: true });
  return bytes;
}
const clip = film(1);
const small = (used: { used_bytes: number }) => used.used_bytes;

test("an account's room: counted, bounded with used and limit, given back by deleting", { timeout: 120_000 }, async () => {
  const server = await Server.start({ args: ["--uploads.account_quota_mib=1"] });
  try {
    const maker = await new Client(server.url).signUp("maker");
    assert.deepEqual(await maker.get("/api/v1/accounts/me/storage"), { used_bytes: 0, uploads_bytes: 0, bytes_max: 1 << 20 });
    const upload = await send(maker, clip, { filename: "a.mp4" });
    assert.equal((await maker.get("/api/v1/accounts/me/storage")).uploads_bytes, clip.length);
    const made = await publish(maker, upload);
    assert.equal((await settled(maker, made.id)).state, "live");
    const video = await finished(maker, server.data, made.id, upload);
    const bytes = video.renditions.reduce((sum: number, r: any) => sum + r.size_bytes, 0);
    assert.deepEqual(await maker.get("/api/v1/accounts/me/storage"), { used_bytes: bytes, uploads_bytes: 0, bytes_max: 1 << 20 });

    const error: UploadError = await send(maker, Buffer.alloc((1 << 20) - bytes + 1), { filename: "b.mp4" }).then(
      () => { throw new Error("was taken"); }, (e) => e);
    assert.equal(error.status, 507);
    assert.equal(error.problem.type, "/problems/account_full");
    assert.match(error.problem.detail, /Your videos take up .*[kM]B of the 1\.0 MB.*Delete a video, or send a smaller file/);
    const other = await new Client(server.url).signUp("other");
    assert.equal(small(await other.get("/api/v1/accounts/me/storage")), 0, "somebody else's room is their own");

    await maker.call("DELETE", `/api/v1/videos/${made.id}`);
    assert.equal(small(await maker.get("/api/v1/accounts/me/storage")), 0);
    await until("the files to go", async () => leftovers(server.data).length === 0);
  } finally {
    await server.stop();
  }
});

test("the network's room is bounded too", { timeout: 60_000 }, async () => {
  const server = await Server.start({ args: ["--uploads.network_quota_mib=1"] });
  try {
    const one = await new Client(server.url).signUp("one");
    const version = { "tus-resumable": "1.0.0" };
    assert.equal((await one.raw("POST", "/api/v1/uploads", undefined, { ...version, "upload-length": "900000" })).status, 201);
    const two = await new Client(server.url).signUp("two");
    const refused = await two.raw("POST", "/api/v1/uploads", undefined, { ...version, "upload-length": "900000" });
    assert.equal(refused.status, 507);
    const problem = await refused.json() as any;
    assert.equal(problem.type, "/problems/network_full");
    assert.match(problem.detail, /holds 900 kB of the 1\.0 MB.*this file is 900 kB/);
  } finally {
    await server.stop();
  }
});

test("originals are kept where that is the policy, counted, served to nobody, and go with the video", { timeout: 120_000 }, async () => {
  const server = await Server.start({ args: ["--uploads.keep_originals=true"] });
  try {
    const maker = await new Client(server.url).signUp("maker");
    const upload = await send(maker, clip, { filename: "a.mp4" });
    const made = await publish(maker, upload);
    assert.equal((await settled(maker, made.id)).state, "live");
    const video = await finished(maker, server.data, made.id, upload);
    const kept = () => leftovers(server.data, [made.id]);
    await until("the original", async () => kept().length === 1);
    assert.equal(statSync(kept()[0]).size, clip.length);
    assert.ok(readFileSync(kept()[0]).equals(clip));
    const bytes = video.renditions.reduce((sum: number, r: any) => sum + r.size_bytes, 0);
    await until("it to be counted", async () => small(await maker.get("/api/v1/accounts/me/storage")) === bytes + clip.length);
    for (const path of [`/media/${made.id}/original`, `/media/${made.id}/..%2f..%2foriginals%2f${made.id}`, `/originals/${made.id}`]) {
      const answer = await maker.raw("GET", path);
      assert.ok(!Buffer.from(await answer.arrayBuffer()).equals(clip), path);
    }
    await maker.call("DELETE", `/api/v1/videos/${made.id}`);
    await until("all of it to go", async () => leftovers(server.data).length === 0);
  } finally {
    await server.stop();
  }
});

test("twelve uploads of one do not hold up the one of another", { timeout: 240_000 }, async () => {
  const server = await Server.start({ args: ["--uploads.open_per_account_max=50"] });
  try {
    const many = await new Client(server.url).signUp("many");
    const one = await new Client(server.url).signUp("one");
    const uploads: string[] = [];
    for (let i = 0; i < 12; ++i) uploads.push(await send(many, clip, { filename: `${i}.mp4` }));
    const single = await send(one, clip, { filename: "one.mp4" });
    for (const upload of uploads) await publish(many, upload);
    const mine = await publish(one, single);
    assert.equal((await settled(one, mine.id)).state, "live");
    const theirs = (await many.get("/api/v1/accounts/me/videos")).items.filter((v: any) => v.state === "live").length;
    assert.ok(theirs <= 6, `${theirs} of the twelve came first`);
  } finally {
    await server.stop();
  }
});
