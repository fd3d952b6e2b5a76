import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { Client, ProblemError } from "../support/client.ts";
import { Server } from "../support/server.ts";

let server: Server;
before(async () => { server = await Server.start(); });
after(async () => { await server.stop(); });

async function refused(call: Promise<unknown>, status: number, detail: RegExp): Promise<ProblemError> {
  const error = await call.then(() => undefined, (e) => e);
  assert.ok(error instanceof ProblemError, "it was not refused");
  assert.equal(error.status, status, error.message);
  assert.match(error.problem.detail, detail);
  return error;
}

test("sign up, sign in, sign out", async () => {
  const client = await new Client(server.url).signUp("ada");
  const session = await client.get("/api/v1/sessions/current");
  assert.equal(session.kind, "account");
  assert.equal(session.account.handle, "ada");
  assert.equal(session.account.role, "member");
  assert.equal(session.token, undefined, "the token is shown once");

  const again = await new Client(server.url).signIn("ADA");
  assert.equal((await again.get("/api/v1/sessions/current")).account.id, session.account.id);
  await again.call("DELETE", "/api/v1/sessions/current");
  await refused(again.get("/api/v1/sessions/current"), 401, /session|sign in/i);
  assert.equal((await client.get("/api/v1/sessions/current")).account.handle, "ada", "the other session stays");
});

test("what is wrong with a sign-up is said with its field", async () => {
  const client = new Client(server.url);
  const handle = await refused(client.post("/api/v1/accounts", { handle: "a!", password: "correct horse battery" }), 422, /./);
  assert.equal(handle.problem.errors[0].field, "handle");
  const password = await refused(client.post("/api/v1/accounts", { handle: "grace", password: "short" }), 422, /10/);
  assert.equal(password.problem.errors[0].field, "password");
  await new Client(server.url).signUp("taken");
  await refused(client.post("/api/v1/accounts", { handle: "Taken", password: "correct horse battery" }), 409, /taken/i);
  await refused(client.post("/api/v1/accounts", { handle: "admin", password: "correct horse battery" }), 422, /./);
});

test("handle and password are not told apart when one is wrong", async () => {
  await new Client(server.url).signUp("known");
  const wrong = await refused(new Client(server.url).signIn("known", "not the password"), 401, /./);
  const unknown = await refused(new Client(server.url).signIn("unknown", "not the password"), 401, /./);
  assert.deepEqual(wrong.problem, unknown.problem);
});

test("the cookie is HttpOnly and SameSite, and another site cannot use it to change something", async () => {
  const response = await fetch(server.url + "/api/v1/viewers", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
  const cookie = response.headers.get("set-cookie")!;
  assert.match(cookie, /^rondo_session=[A-Za-z0-9_-]{40,}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/);
  const headers = { cookie: cookie.split(";")[0], "content-type": "application/json" };
  const body = JSON.stringify({ events: [] });
  const cross = await fetch(server.url + "/api/v1/events", { method: "POST", headers: { ...headers, "sec-fetch-site": "cross-site" }, body });
  assert.equal(cross.status, 403);
  const origin = await fetch(server.url + "/api/v1/events", { method: "POST", headers: { ...headers, origin: "https://evil.example" }, body });
  assert.equal(origin.status, 403);
  const own = await fetch(server.url + "/api/v1/events", { method: "POST", headers: { ...headers, "sec-fetch-site": "same-origin" }, body });
  assert.equal(own.status, 422, "it got as far as the empty batch");
});

test("asking for a viewer again keeps the session that one has", async () => {
  const client = await new Client(server.url).signUp("stayer");
  const response = await client.raw("POST", "/api/v1/viewers", {});
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("set-cookie"), null);
  assert.equal((await response.json() as any).account.handle, "stayer");
});

test("sign-in attempts are limited, and say when to try again", async () => {
  const limited = await Server.start({ args: ["--limits.sign_in_per_minute=3"] });
  try {
    await new Client(limited.url).signUp("guarded");
    const statuses: number[] = [];
    let retry: string | null = null;
    for (let i = 0; i < 6; ++i) {
      const response = await new Client(limited.url).raw("POST", "/api/v1/sessions", { handle: "guarded", password: "guess number " + i });
      statuses.push(response.status);
      retry ??= response.status === 429 ? response.headers.get("retry-after") : null;
    }
    assert.deepEqual(statuses.slice(0, 3), [401, 401, 401]);
    assert.equal(statuses.at(-1), 429);
    assert.ok(Number(retry) >= 1);
  } finally {
    await limited.stop();
  }
});

test("likes are private until their owner says otherwise", async () => {
  const ada = await new Client(server.url).signUp("sharer");
  const shares = async () => (await ada.get("/api/v1/sessions/current")).account.shares_likes;
  assert.equal(await shares(), false);
  assert.equal((await ada.call("PATCH", "/api/v1/accounts/me", { shares_likes: true })).shares_likes, true);
  assert.equal((await ada.call("PATCH", "/api/v1/accounts/me", {})).shares_likes, true, "nothing named, nothing changed");
  assert.equal(await shares(), true);
  const follower = await new Client(server.url).signUp("sharers_fan");
  await follower.call("PUT", "/api/v1/accounts/sharer/follow");
  assert.deepEqual((await follower.get("/api/v1/feeds/for_you")).items, []);
  await ada.call("PATCH", "/api/v1/accounts/me", { shares_likes: false });
  assert.equal(await shares(), false);
  const nobody = await new Client(server.url).anonymous();
  await refused(nobody.call("PATCH", "/api/v1/accounts/me", { shares_likes: true }), 401, /./);
});

test("follow and unfollow", async () => {
  const ada = await new Client(server.url).signUp("follower");
  await new Client(server.url).signUp("followed");
  await ada.call("PUT", "/api/v1/accounts/followed/follow");
  await ada.call("PUT", "/api/v1/accounts/followed/follow");
  assert.deepEqual(pick(await ada.get("/api/v1/accounts/followed")), { followers: 1, following: true });
  await ada.call("DELETE", "/api/v1/accounts/followed/follow");
  assert.deepEqual(pick(await ada.get("/api/v1/accounts/followed")), { followers: 0, following: false });
  await refused(ada.call("PUT", "/api/v1/accounts/nobody-here/follow"), 404, /./);
  await refused(ada.call("PUT", "/api/v1/accounts/follower/follow"), 422, /./);
});

function pick(profile: any) {
  return { followers: profile.followers, following: profile.following };
}
