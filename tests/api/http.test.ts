// The wire itself: limits, errors, methods, malformed requests.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { connect } from "node:net";
import { Client } from "../support/client.ts";
import { Server } from "../support/server.ts";

let server: Server;
before(async () => { server = await Server.start(); });
after(async () => { await server.stop(); });

// Sends raw bytes, returns all that comes back until the server closes or falls silent.
function raw(bytes: string): Promise<string> {
  return new Promise((done, fail) => {
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    let text = "";
    socket.setTimeout(3000, () => socket.destroy());
    socket.on("data", (chunk) => { text += chunk.toString("latin1"); });
    socket.on("error", fail);
    socket.on("close", () => done(text));
    socket.write(bytes);
    setTimeout(() => socket.end(), 300);
  });
}

test("health and metrics", async () => {
  const client = new Client(server.url);
  assert.equal(await (await client.raw("GET", "/healthz")).text(), "ok\n");
  assert.equal((await client.raw("GET", "/readyz")).status, 200);
  const metrics = await (await client.raw("GET", "/metrics")).text();
  assert.match(metrics, /^rondo_http_requests_total\{.*route="healthz".*\} [1-9]/m);
});

test("problems are problem+json", async () => {
  const response = await new Client(server.url).raw("GET", "/api/v1/nothing");
  assert.equal(response.status, 404);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  const wrong = await new Client(server.url).raw("PATCH", "/api/v1/viewers", {});
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.get("allow"), "POST");
});

test("bad JSON is refused with the reason and the place", async () => {
  const post = (body: string) => fetch(server.url + "/api/v1/viewers", {
    method: "POST", headers: { "content-type": "application/json" }, body });
  assert.equal((await post("{")).status, 400);
  const cases: [string, string, string][] = [
    ['{"language": 5}', "language", "wrong_type"],
    ['{"lang": "en"}', "lang", "unknown_field"],
    ["[]", "", "wrong_type"],
    ['{"language": "not a language"}', "language", ""],
  ];
  for (const [body, field, code] of cases) {
    const response = await post(body);
    const problem = await response.json() as any;
    assert.equal(response.status, 422, body);
    if (field) assert.equal(problem.errors[0].field, field);
    if (code && field) assert.equal(problem.errors[0].code, code);
  }
  assert.equal((await post("[".repeat(5000))).status, 400, "depth is bounded");
});

test("a body over the route's limit is refused before it is read", async () => {
  const text = await raw("POST /api/v1/viewers HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n");
  assert.match(text, /^HTTP\/1\.1 413 /);
  assert.match(text, /Connection: close/);
});

test("a client that sends on after the answer was given still gets it", async () => {
  const size = 8 << 20;
  const text = await new Promise<string>((done, fail) => {
    const socket = connect({ port: Number(new URL(server.url).port), host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", fail);
    socket.pause();
    socket.write(`POST /api/v1/viewers HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
    socket.write(Buffer.alloc(size, "x"), () => {
      let text = "";
      socket.on("data", (chunk) => { text += chunk.toString("latin1"); });
      socket.on("end", () => { socket.destroy(); done(text); });
      socket.resume();
    });
  });
  assert.match(text, /^HTTP\/1\.1 413 /);
});

test("chunked bodies are bounded too", async () => {
  const chunk = "10000\r\n" + "x".repeat(0x10000) + "\r\n";
  const text = await raw("POST /api/v1/viewers HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk + "0\r\n\r\n");
  assert.match(text, /^HTTP\/1\.1 413 /);
});

test("what is not HTTP gets a 400, headers have a limit, paths cannot climb", async () => {
  assert.match(await raw("hello there\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.match(await raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(20000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
  assert.match(await raw("GET /media/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.match(await raw("GET /media/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.match(await raw("GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n"), /^HTTP\/1\.1 400 /);
});

test("pipelined requests are answered in order", async () => {
  const one = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  const text = await raw(one + one + "GET /nothing.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  assert.deepEqual([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((m) => m[1]), ["200", "200", "404"]);
});

test("the OpenAPI document is served", async () => {
  const document = await new Client(server.url).get("/api/openapi.json");
  assert.equal(document.openapi, "3.1.0");
  assert.ok(document.paths["/api/v1/feeds/for_you"].get.operationId);
});

test("the page is served with a strict policy, and unknown addresses give the page, not files", async () => {
  const client = new Client(server.url);
  for (const path of ["/", "/upload", "/@ada", "/@a.b"]) {
    const response = await client.raw("GET", path);
    assert.equal(response.status, 200, path);
    assert.match(response.headers.get("content-type")!, /text\/html/);
    const policy = response.headers.get("content-security-policy")!;
    assert.match(policy, /script-src 'self'/);
    assert.doesNotMatch(policy, /unsafe/);
    const again = await client.raw("GET", path, undefined, { "if-none-match": response.headers.get("etag")! });
    assert.equal(again.status, 304);
  }
  assert.equal((await client.raw("GET", "/missing.js")).status, 404);
});

test("a request that does not come to an end is cut off", { timeout: 20_000 }, async () => {
  const strict = await Server.start({ args: ["--server.request_seconds_max=1"] });
  try {
    const began = Date.now();
    const socket = connect(Number(new URL(strict.url).port), "127.0.0.1");
    socket.write("POST /api/v1/viewers HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{");
    await new Promise((done) => { socket.once("close", done); socket.resume(); });
    assert.ok(Date.now() - began < 10_000);
    assert.equal((await new Client(strict.url).raw("GET", "/healthz")).status, 200);
  } finally {
    await strict.stop();
  }
});

test("a second server on the same data is refused, with the reason", async () => {
  await assert.rejects(Server.start({ data: server.data }), /another|in use|holds/i);
});

test("Ctrl-C drains and stops within five seconds", async () => {
  const other = await Server.start();
  const client = await new Client(other.url).anonymous();
  await client.get("/api/v1/feeds/latest");
  const began = Date.now();
  assert.equal(await other.interrupt(), 0);
  assert.ok(Date.now() - began < 5000);
  await other.stop();
});
