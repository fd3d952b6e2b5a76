// The operator's page: work as it runs, waits and fails; calling off and trying again; room.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { Client } from "../support/client.ts";
import { goodClip } from "../support/hostile.ts";
import { binary, Server, until } from "../support/server.ts";
import { leftovers, publish, send, settled } from "../support/upload.ts";
import { desktop, launch, phone, with_tab, type Tab, type TabOptions } from "./chromium.ts";

const film = goodClip("clip.mp4", ["-c:v", "libx264", "-preset", "ultrafast"]);
const long = goodClip("long.mp4", ["-vf", "scale=1920:1080", "-r", "60", "-c:v", "libx264", "-preset", "ultrafast"], 20);

let server: Server;
let browser: Browser;
let boss: Client;
let maker: Client;

before(async () => {
  server = await Server.start({ args: ["--uploads.network_quota_mib=200", "--uploads.account_quota_mib=50"] });
  const made = spawnSync(binary, ["admin", "create-user", "boss", "--role", "admin"],
    { input: "correct horse battery\n", encoding: "utf8", timeout: 20_000, env: { ...process.env, RONDO_DATA: server.data } });
  assert.equal(made.status, 0, made.stderr);
  boss = await new Client(server.url).signIn("boss");
  maker = await new Client(server.url).signUp("maker");
  browser = await launch();
}, { timeout: 60_000 });
after(async () => {
  await browser?.close();
  await server?.stop();
});

const as = (session: Client, path: string, options: TabOptions, use: (tab: Tab) => Promise<void>) =>
  with_tab(browser, server, path, { ...options, session }, use);
const posted = async (bytes: Buffer, caption: string): Promise<any> => publish(maker, await send(maker, bytes, { filename: "a.mp4" }), caption);
const card = (tab: Tab, video: string) => tab.page.locator(`[data-testid=job][data-video-id="${video}"]`);
const empty = (tab: Tab) => until("the queue to be empty", async () => (await tab.at("job").count()) === 0, 30_000);

for (const [name, size, locale] of [["phone", phone, "fr"], ["desktop", desktop, "en"]] as const) {
  test(`work is seen and called off (${name})`, { timeout: 120_000 }, async () => {
    const runs = await posted(long, "A long one");
    const waits = await posted(long, "The next one, with rather more to say about itself than fits on a line");
    await as(boss, "/me", { size, locale, scheme: name === "phone" ? "dark" : "light" }, async (tab) => {
      await tab.at("to-operation").click();
      await card(tab, waits.id).waitFor();
      assert.equal(await card(tab, waits.id).getAttribute("data-state"), "waiting");
      await until("progress", async () => (await card(tab, runs.id).locator("progress").count()) === 1, 20_000);
      assert.match((await tab.at("job-counts").textContent())!, /1 .*1 .*0 /);
      assert.equal(await tab.at("room-account").first().getAttribute("data-handle"), "maker");
      await tab.shot(`operation-${name}`);
      assert.deepEqual(await tab.axe(), []);

      await card(tab, runs.id).getByTestId("job-cancel").click();
      await tab.at("cancel-confirm").waitFor();
      assert.deepEqual(await tab.axe(), []);
      await tab.at("cancel-confirm").click();
      await until("its end", async () => (await maker.get(`/api/v1/videos/${runs.id}`)).refusal?.code === "called_off");
      await card(tab, waits.id).getByTestId("job-cancel").click();
      await tab.at("cancel-confirm").click();
      await empty(tab);
      await tab.shot(`operation-idle-${name}`);
      assert.deepEqual(await tab.axe(), []);
    });
  });
}

test("what fails is said, and tried again", { timeout: 120_000 }, async () => {
  const video = await posted(film, "Unlucky");
  assert.equal((await settled(maker, video.id)).state, "live");
  await until("the queue to be empty", async () => (await boss.get("/api/v1/operation/jobs")).items.length === 0, 30_000);
  // Its folder cannot be read for a while, so that nothing can be removed from it.
  const folder = join(server.data, "blobs/objects/media+", `${video.id}+`);
  renameSync(folder, folder + ".off");
  writeFileSync(folder, "");
  await maker.call("DELETE", `/api/v1/videos/${video.id}`);
  await as(boss, "/operation", { size: phone, locale: "en" }, async (tab) => {
    const job = card(tab, video.id);
    await until("it to be tried again", async () => /tried .*again at/.test((await job.textContent().catch(() => "")) ?? ""), 20_000);
    await tab.page.locator(`[data-video-id="${video.id}"][data-state=failed]`).waitFor({ timeout: 30_000 });
    await job.locator("summary").click();
    assert.match((await tab.at("job-error").textContent())!, /cannot read .*Not a directory/);
    await tab.shot("operation-failed");
    assert.deepEqual(await tab.axe(), []);
    rmSync(folder);
    renameSync(folder + ".off", folder);
    await job.getByTestId("job-retry").click();
    await empty(tab);
    await until("its files to go", async () => leftovers(server.data).length === 0);
  });
});

test("nobody else sees it", { timeout: 60_000 }, async () => {
  await as(maker, "/operation", { size: phone, locale: "en" }, async (tab) => {
    await until("the reason", async () => /administrators/.test((await tab.at("operation").textContent()) ?? ""));
    assert.equal(await tab.at("job-counts").count(), 0);
    await tab.page.goto(server.url + "/me");
    await tab.at("own-videos").waitFor();
    assert.equal(await tab.at("to-operation").count(), 0);
  });
});
