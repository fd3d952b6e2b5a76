// The commands of the binary, beside a running server and without one.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "../support/client.ts";
import { binary, Server } from "../support/server.ts";
import { Viewer } from "../support/viewer.ts";

let server: Server;
before(async () => { server = await Server.start(); });
after(async () => { await server.stop(); });

function rondo(args: string[], options: { input?: string; data?: string } = {}) {
  const run = spawnSync(binary, args, {
    input: options.input ?? "", encoding: "utf8", timeout: 20_000,
    env: { ...process.env, RONDO_DATA: options.data ?? server.data },
  });
  return { status: run.status, out: run.stdout, err: run.stderr };
}

test("an administrator is made beside the running server", async () => {
  const made = rondo(["admin", "create-user", "boss"], { input: "correct horse battery\n" });
  assert.equal(made.status, 0, made.err);
  const client = await new Client(server.url).signIn("boss");
  assert.equal((await client.get("/api/v1/sessions/current")).account.role, "member");
  assert.equal(rondo(["admin", "promote", "boss"]).status, 0);
  const again = await new Client(server.url).signIn("boss");
  assert.equal((await again.get("/api/v1/sessions/current")).account.role, "admin");
});

test("what is wrong with a command is said", () => {
  const nobody = rondo(["admin", "promote", "nobody.here"]);
  assert.equal(nobody.status, 1);
  assert.match(nobody.err, /nobody\.here|no such|no account/i);
  assert.match(rondo(["admin", "create-user", "weak"], { input: "short\n" }).err, /10/);
  assert.match(rondo(["admin", "promote", "boss", "--role", "king"]).err, /member/);
  const nowhere = join(tmpdir(), "rondo-nowhere");
  for (const command of [["admin", "promote", "boss"], ["digest"], ["train", "--out", `${nowhere}-bundle`], ["bundle", "list"]]) {
    assert.match(rondo(command, { data: nowhere }).err, /no network in .*; start it once/, command[0]);
  }
  assert.match(rondo(["replay", "nonsense"]).err, /page/i);
  assert.match(rondo(["replay", "AAAAAAAAAAAAAAAAAAAAAAAAAAA"]).err, /no such page/);
  assert.notEqual(rondo(["dance"]).status, 0);
});

test("rondo doctor says what videos need, and what is missing", () => {
  const well = rondo(["doctor"]);
  // Here the sandbox works or does not; the line and the exit code have to agree.
  const works = /^sandbox +ok /m.test(well.out);
  assert.equal(well.status, works ? 0 : 1, well.out + well.err);
  if (!works) assert.match(well.out, /^sandbox +FAULTY .{40}/m);
  assert.match(well.out, /^data +ok .*free in /m);
  const full = rondo(["doctor"], { data: "/proc/rondo" });
  assert.equal(full.status, 1);
  assert.match(full.out, /^data +FAULTY .+; /m);
});

test("rondo config lists every option, and where its value comes from", () => {
  const folder = mkdtempSync(join(tmpdir(), "rondo-config-"));
  try {
    writeFileSync(join(folder, "rondo.toml"), "[server]\nname = \"Our place\"\n");
    const out = rondo(["config", "--server.port=1234"], { data: folder }).out;
    assert.match(out, /^name = "Our place"  # from the file/m);
    assert.match(out, /^port = 1234  # from the command line/m);
    assert.ok(out.split("\n").filter((line) => / = /.test(line) && !line.startsWith("#")).length > 30);
    writeFileSync(join(folder, "rondo.toml"), "[server]\nnmae = \"x\"\n");
    assert.match(rondo(["config"], { data: folder }).err, /nearest is "server\.name"/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("rondo digest: recovery equals an uninterrupted fold", () => {
  const out = rondo(["digest"]);
  assert.equal(out.status, 0, out.err);
  assert.match(out.out, /equal/);
});

// Goes over and back with the real binary, over a log that has pages in it.
test("a network goes over to another bundle, compares two, and replays what was before", async () => {
  const data = mkdtempSync(join(tmpdir(), "rondo-bundles-"));
  const folder = mkdtempSync(join(tmpdir(), "rondo-bundle-"));
  const page = async () => (await (await Viewer.anonymous(now.url)).ask(0)).page_id;
  let now = await Server.start({ data });
  try {
    const first = await page();
    assert.match(rondo(["bundle", "activate", "built-in"], { data }).err, /another Rondo holds/);
    await now.interrupt();
    const kept = rondo(["bundle", "list"], { data }).out;
    assert.match(kept, /^[0-9a-f]{64}  active, built-in$/m);
    const text = readFileSync(join(data, "blobs", "objects", "bundles+", kept.slice(0, 64) + "+", "bundle.json"), "utf8");
    writeFileSync(join(folder, "bundle.json"), text.replace(/"novelty": [0-9.]+/, '"novelty": 0.75'));
    writeFileSync(join(folder, "broken.json"), text.replace("novelty", "nvelty"));
    assert.match(rondo(["bundle", "activate", join(folder, "broken.json")], { data }).err, /novelty/);
    assert.match(rondo(["bundle", "rollback"], { data }).err, /no other bundle/);

    const over = rondo(["bundle", "activate", folder], { data });
    assert.equal(over.status, 0, over.err);
    now = await Server.start({ data });
    const second = await page();
    await now.interrupt();
    for (const id of [first, second]) assert.match(rondo(["replay", id], { data }).out, /equal/);
    assert.match(rondo(["digest"], { data }).out, /equal/);
    assert.match(rondo(["bundle", "list"], { data }).out, /^[0-9a-f]{64}  before, built-in$/m);
    assert.equal(rondo(["bundle", "rollback"], { data }).status, 0);

    // A bundle that is refused leaves the network with its own.
    now = await Server.start({ data, args: ["--feed.bundle", join(folder, "broken.json")] });
    assert.ok(now.lines.some((line) => /goes on with the one before/.test(line)), now.lines.join("\n"));
    await page();
    await now.interrupt();

    const begun = rondo(["experiment", "start", "try", folder, "--mode", "interleave", "--share", "1"], { data });
    assert.equal(begun.status, 0, begun.err);
    assert.match(rondo(["experiment", "start", "too", folder], { data }).err, /runs already/);
    now = await Server.start({ data });
    const third = await page();
    const report = rondo(["experiment", "report", "--json", join(folder, "report.json")], { data });
    assert.equal(report.status, 0, report.err);
    const found = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
    assert.deepEqual([found.mode, found.running, found.viewers.control], ["interleave", true, 1]);
    await now.interrupt();
    assert.equal(rondo(["experiment", "stop"], { data }).status, 0);
    assert.match(rondo(["replay", third], { data }).out, /equal/);
    assert.match(rondo(["digest"], { data }).out, /equal/);
  } finally {
    await now.stop();
    for (const path of [data, folder]) rmSync(path, { recursive: true, force: true });
  }
});
