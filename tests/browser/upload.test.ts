// Uploads as people live them: several at once, trimmed, paused, cut off by a reload, called off.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { Server, until } from "../support/server.ts";
import { Client } from "../support/client.ts";
import { desktop, launch, phone, with_tab, type Tab, type TabOptions } from "./chromium.ts";

// An empty network is enough.
let folder: string, server: Server, browser: Browser;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "rondo-films-"));
  server = await Server.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});
const in_tab = (path: string, options: TabOptions, use: (tab: Tab) => Promise<void>) =>
  with_tab(browser, server, path, options, use);

// WebM, which every Chromium plays. Noise is for size.
function film(name: string, seconds: number, rate = "300k"): string {
  const file = join(folder, name);
  execFileSync("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", `testsrc2=size=360x640:rate=25:duration=${seconds}`,
    "-f", "lavfi", "-i", `sine=frequency=330:duration=${seconds}`, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8",
    "-b:v", rate, "-minrate", rate, "-maxrate", rate, "-c:a", "libopus", file]);
  return file;
}

async function sign_up(tab: Tab, handle: string): Promise<void> {
  await tab.page.locator("#handle").fill(handle);
  await tab.page.locator("#password").fill("correct horse battery");
  await tab.page.locator("[data-testid=sign-form] button[type=submit]").click();
  await until(`the account ${handle}`, async () => (await tab.at("me").getAttribute("data-account")) === handle);
  await tab.page.goto("/upload");
  await tab.at("limits").waitFor();
}
const card = (tab: Tab, name: string) => tab.page.locator(`[data-testid=upload-card][data-name="${name}"]`);
const step = (tab: Tab, name: string, wanted: string, ms = 60_000) =>
  until(`${name} to be ${wanted}`, async () => (await card(tab, name).getAttribute("data-step")) === wanted, ms)
    .catch(async (error) => { throw new Error(`${error.message}; it is ${await card(tab, name).innerText()}`); });
/** As from the desktop: the files come with the event, not through an <input>. */
async function drop(tab: Tab, file: string): Promise<void> {
  const transfer = await tab.page.evaluateHandle(async ({ name, base64 }) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const made = new DataTransfer();
    made.items.add(new File([bytes], name, { type: "video/webm" }));
    return made;
  }, { name: basename(file), base64: readFileSync(file).toString("base64") });
  await tab.at("drop").dispatchEvent("drop", { dataTransfer: transfer });
}
async function slide(tab: Tab, name: string, which: string, ms: number): Promise<void> {
  await card(tab, name).getByTestId(which).evaluate((input: HTMLInputElement, value) => {
    input.value = String(value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }, ms);
}
async function clean(tab: Tab, name: string): Promise<void> {
  await until("motion to end", async () => await tab.page.evaluate(() =>
    document.getAnimations().every((motion) => motion.playState !== "running")));
  await tab.shot(name);
  assert.deepEqual(await tab.axe(), [], name);
}

test("several at once, one trimmed with a cover: each is followed to its end by events", { timeout: 180_000 }, async () => {
  const one = film("one.webm", 6), two = film("two.webm", 2);
  await in_tab("/me", { size: phone, locale: "fr" }, async (tab) => {
    await sign_up(tab, "several");
    const polled: string[] = [];
    tab.page.on("request", (request) => {
      if (/\/api\/v1\/videos\/[^/]+$/.test(new URL(request.url()).pathname)) polled.push(request.method());
    });
    await tab.at("file").setInputFiles([one, two]);
    await step(tab, "one.webm", "sent");
    await step(tab, "two.webm", "sent");
    // What is on the list already is not taken twice.
    await tab.at("file").setInputFiles(one);
    assert.match(await tab.at("left-out").innerText(), /«\s?one\.webm\s?».*déjà dans la liste/s);

    await slide(tab, "one.webm", "trim-start", 2_000);
    await slide(tab, "one.webm", "trim-end", 5_000);
    await slide(tab, "one.webm", "cover", 3_500);
    assert.match(await card(tab, "one.webm").getByTestId("trim-text").innerText(), /De 2,0\s?s à 5,0\s?s.*3,0\s?s/);
    assert.match(await card(tab, "one.webm").getByTestId("cover-text").innerText(), /3,5\s?s/);
    await card(tab, "one.webm").getByTestId("caption-input").fill("La partie du milieu #coupe");
    await clean(tab, "upload-phone-fr-trim");
    await card(tab, "one.webm").getByTestId("post").click();
    await card(tab, "two.webm").getByTestId("post").click();
    await step(tab, "one.webm", "live");
    await step(tab, "two.webm", "live");
    assert.deepEqual(polled, [], "nothing was asked for: the events told");
    await clean(tab, "upload-phone-fr-live");

    const items = (await new Client(server.url).get("/api/v1/feeds/latest?limit=2")).items;
    const trimmed = items.map((item: any) => item.video).find((video: any) => video.hashtags.includes("coupe"));
    assert.ok(Math.abs(trimmed.duration_ms - 3_000) <= 60, `${trimmed.duration_ms} ms`);
    assert.ok(trimmed.cover_url);
    await card(tab, "two.webm").getByTestId("remove").click();
    await until("the card to go", async () => (await card(tab, "two.webm").count()) === 0);
  });
});

test("dropped, paused, cut off by a reload, refused with another file, and brought to its end", { timeout: 240_000 }, async () => {
  const big = film("big.webm", 8, "9M"), other = film("other.webm", 1);
  await in_tab("/me", { size: desktop }, async (tab) => {
    await sign_up(tab, "patient");
    // A slow line, so that there is a middle.
    const network = await tab.page.context().newCDPSession(tab.page);
    await network.send("Network.enable");
    const slow = (bytes_per_second: number) => network.send("Network.emulateNetworkConditions",
      { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytes_per_second });
    await slow(2_000_000);
    await drop(tab, big);
    await step(tab, "big.webm", "sending");
    await card(tab, "big.webm").getByTestId("caption-input").fill("Kept through it all");
    const sent = async () => Number(((await card(tab, "big.webm").getByTestId("upload-state").innerText()).match(/(\d+)\s?%/) ?? [])[1] ?? 0);
    await until("half of it", async () => (await sent()) >= 50, 60_000);
    await card(tab, "big.webm").getByTestId("pause").click();
    await step(tab, "big.webm", "paused");
    const paused_at = await sent();
    await clean(tab, "upload-desktop-paused");

    await tab.page.reload();
    await step(tab, "big.webm", "needs_file");
    const text = await card(tab, "big.webm").innerText();
    assert.match(text, /The page was reloaded.*Choose the same file again/s);
    assert.equal(await sent(), paused_at, "what was sent is not lost");
    await card(tab, "big.webm").getByTestId("file-again").setInputFiles(other);
    await card(tab, "big.webm").getByTestId("other-file").waitFor();
    assert.match(await card(tab, "big.webm").getByTestId("other-file").innerText(), /“other\.webm” is another file: it is .*kB, the one begun is .*MB/);
    await clean(tab, "upload-desktop-needs-file");

    const offsets: number[] = [];
    tab.page.on("request", (request) => {
      const offset = request.headers()["upload-offset"];
      if (request.method() === "PATCH" && offset !== undefined) offsets.push(Number(offset));
    });
    await card(tab, "big.webm").getByTestId("file-again").setInputFiles(big);
    await step(tab, "big.webm", "paused");
    await card(tab, "big.webm").getByTestId("resume").click();
    await step(tab, "big.webm", "sent");
    assert.ok(offsets.length > 0 && offsets[0] > 0, `went on at ${offsets[0]}`);
    assert.equal(await card(tab, "big.webm").getByTestId("caption-input").inputValue(), "Kept through it all");

    // Posted, and the page goes away: it comes back to the video itself.
    await card(tab, "big.webm").getByTestId("post").click();
    await until("the processing", async () => ["processing", "live"].includes((await card(tab, "big.webm").getAttribute("data-step"))!));
    await tab.page.reload();
    await tab.at("limits").waitFor();
    await until("it to be live", async () => {
      const count = await card(tab, "big.webm").count();
      return count === 0 || (await card(tab, "big.webm").getAttribute("data-step")) === "live";
    }, 120_000);
    const mine = await until("the video", async () => {
      const videos = await tab.page.evaluate(async () => await (await fetch("/api/v1/accounts/me/videos")).json());
      return videos.items[0]?.state === "live" && videos.items;
    }, 120_000);
    assert.equal(mine.length, 1);
    assert.equal(mine[0].caption, "Kept through it all");
  });
});

test("called off while it is processed: no video, no card, no trace after a reload", { timeout: 120_000 }, async () => {
  const long = film("long.webm", 12);
  await in_tab("/me", { size: desktop }, async (tab) => {
    await sign_up(tab, "undecided");
    await tab.at("file").setInputFiles(long);
    await step(tab, "long.webm", "sent");
    await card(tab, "long.webm").getByTestId("post").click();
    await step(tab, "long.webm", "processing");
    await tab.shot("upload-desktop-processing-card");
    await card(tab, "long.webm").getByTestId("cancel").click();
    await until("the card to go", async () => (await card(tab, "long.webm").count()) === 0);
    await until("the video to go", async () =>
      (await tab.page.evaluate(async () => await (await fetch("/api/v1/accounts/me/videos")).json())).items.length === 0);
    await tab.page.reload();
    await tab.at("limits").waitFor();
    assert.equal(await card(tab, "long.webm").count(), 0);
  });
});

test("signed out in the middle: it stops, and waits for its owner", { timeout: 120_000 }, async () => {
  const large = film("large.webm", 8, "9M");
  await in_tab("/me", { size: desktop, provoked: [/ERR_FAILED/, /status of 401/] }, async (tab) => {
    await sign_up(tab, "leaving");
    const network = await tab.page.context().newCDPSession(tab.page);
    await network.send("Network.enable");
    const slow = (bytes_per_second: number) => network.send("Network.emulateNetworkConditions",
      { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytes_per_second });
    await slow(400_000);
    await tab.at("file").setInputFiles(large);
    await until("the first piece", async () => (await card(tab, "large.webm").innerText()).match(/[1-9]\d?\s?%/));
    // By the links, so that the page and its queue stay.
    await tab.at("nav-me").click();
    const sent: string[] = [];
    await tab.at("sign-out").click();
    await until("nobody to be signed in", async () => (await tab.at("me").getAttribute("data-account")) === "");
    tab.page.on("request", (request) => request.url().includes("/api/v1/uploads") && sent.push(request.method()));
    await slow(-1);
    await new Promise((resolve) => setTimeout(resolve, 1_500)); // longer than all of it takes on this line
    assert.deepEqual(sent, []);

    await tab.at("choose-sign-in").click();
    await tab.page.locator("#handle").fill("leaving");
    await tab.page.locator("#password").fill("correct horse battery");
    await tab.page.locator("[data-testid=sign-form] button[type=submit]").click();
    await until("the account again", async () => (await tab.at("me").getAttribute("data-account")) === "leaving");
    await tab.at("nav-upload").click();
    await step(tab, "large.webm", "needs_file");
    // The server does not answer: the card stays, with the reason and the next step.
    await tab.page.route("**/api/v1/uploads/*", (route) => route.abort());
    await card(tab, "large.webm").getByTestId("cancel").click();
    await step(tab, "large.webm", "failed");
    assert.match(await card(tab, "large.webm").getByTestId("upload-failed").innerText(), /Check your connection and try again/);
    await clean(tab, "upload-desktop-cancel-failed");
    await tab.page.unroute("**/api/v1/uploads/*");
    await card(tab, "large.webm").getByTestId("cancel").click();
    await until("the card to go", async () => (await card(tab, "large.webm").count()) === 0);

    // Of many files only so many are looked at.
    await tab.at("file").setInputFiles(Array.from({ length: 19 }, (_, i) =>
      ({ name: `empty-${i}.mp4`, mimeType: "video/mp4", buffer: Buffer.alloc(0) })));
    await tab.at("more").waitFor();
    assert.match(await tab.at("more").innerText(), /And 3 more/);
    assert.equal(await tab.at("left-out").count(), 16);
    await clean(tab, "upload-desktop-left-out");
  });
});
