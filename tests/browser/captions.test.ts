// Subtitles: read along in a language that is remembered, and an author's files.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { Client } from "../support/client.ts";
import { Server, until } from "../support/server.ts";
import { publish, send, settled } from "../support/upload.ts";
import { desktop, launch, phone, with_tab, type Tab, type TabOptions } from "./chromium.ts";

const words = (first: string, second: string) =>
  `WEBVTT\n\n00:00.000 --> 00:02.500\n<v Ada>${first}\n\n00:00.000 --> 00:06.000\n${second}\n\n00:02.500 --> 00:06.000 line:0\n<i>♪</i>\n`;
const english = words("The pattern comes round again,", "and every time it is a <b>little</b> different.");
const french = words("Le motif revient sans cesse,", "et chaque fois il est un <b>peu</b> différent.");
const norwegian = words("Mønsteret kommer tilbake igjen og igjen, og hver gang er det litt annerledes enn det var sist",
  "slik at man aldri blir ferdig med å se på det, enda man kjenner hver eneste farge.");

let server: Server;
let browser: Browser;
let maker: Client;
let both: any; // a video with two languages
let one: any;

function film(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "rondo-film-"));
  const file = join(folder, "a.mp4");
  // Bright, so that white words on it have to stand by themselves.
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "gradients=size=360x640:rate=25:duration=6:c0=white:c1=yellow:seed=7",
    "-c:v", "libx264", "-preset", "ultrafast", file], { timeout: 60_000 });
  const bytes = readFileSync(file);
  rmSync(folder, { recursive: true });
  return bytes;
}

async function put(video: string, language: string, text: string): Promise<void> {
  const response = await fetch(`${server.url}/api/v1/videos/${video}/captions/${language}`, { method: "PUT", body: text,
    headers: { "content-type": "text/vtt", authorization: `Bearer ${maker.token}` } });
  assert.equal(response.status, 200, await response.text());
}

before(async () => {
  server = await Server.start({ args: ["--feed.wait_ms_max=5000"] });
  maker = await new Client(server.url).signUp("maker");
  const bytes = film();
  const make = async (caption: string) => {
    const video = await settled(maker, (await publish(maker, await send(maker, bytes, { filename: "a.mp4" }), caption)).id);
    assert.equal(video.state, "live", JSON.stringify(video.refusal));
    return video;
  };
  both = await make("Twice the same and never quite #light");
  one = await make("One language");
  await put(both.id, "en", english);
  await put(both.id, "fr", french);
  await put(one.id, "de", english);
  browser = await launch();
}, { timeout: 180_000 });
after(async () => {
  await browser?.close();
  await server?.stop();
});

const open = <T>(path: string, options: TabOptions, use: (tab: Tab) => Promise<T>) => with_tab(browser, server, path, options, use);
const on = (tab: Tab) => tab.page.locator("[data-current=true] [data-testid=captions-button]");
const said = (tab: Tab, text: string) => until(`"${text}" on the picture`, async () =>
  (await tab.at("captions").textContent().catch(() => ""))?.includes(text));

// The words' place, in the same look as that they are there.
const place = (tab: Tab, text: string) => until(`"${text}" on the picture`, async () => tab.page.evaluate((text) => {
  const line = [...document.querySelectorAll("[data-testid=captions] p")].find((p) => p.textContent!.includes(text));
  const { left, right, top } = line?.getBoundingClientRect() ?? {};
  return line && { left: left!, right: right!, top: top! };
}, text));

for (const [name, size, locale, chosen, text] of [
  ["phone", phone, "en", "fr", "Le motif"], ["desktop", desktop, "fr", "en", "The pattern"]] as const) {
  test(`one reads along in the chosen language, here and the next time (${name})`, { timeout: 60_000 }, async () => {
    await open(`/v/${both.id}`, { size, locale }, async (tab) => {
      await tab.playing();
      assert.equal(await tab.at("captions").count(), 0, "off until asked for");
      await on(tab).click();
      await tab.at("caption-choice").waitFor();
      await tab.shot(`captions-choice-${name}`);
      assert.deepEqual(await tab.axe(), []);
      await tab.page.locator(`[data-testid=caption-choice] input[value=${chosen}]`).check();
      await tab.page.keyboard.press("Escape");
      await until("the sheet to close", async () => (await tab.page.locator("dialog[open]").count()) === 0);
      const bottom = await place(tab, text);
      assert.ok(bottom.top > size.height * 0.45 && bottom.left >= 0 && bottom.right <= size.width, JSON.stringify(bottom));
      await tab.shot(`captions-${name}`);
      assert.deepEqual(await tab.axe(), []);
      assert.ok((await place(tab, "♪")).top < size.height * 0.4, "where its author put it");

      await tab.page.reload();
      await tab.playing();
      await said(tab, text);
      assert.equal(await tab.at("captions").getAttribute("data-language"), chosen);
      await tab.page.keyboard.press("c");
      await tab.page.locator("[data-testid=caption-choice] input[value=off]").check();
      await tab.page.keyboard.press("Escape");
      await until("the words to go", async () => (await tab.at("captions").count()) === 0);
    });
  });
}

test("a single language is turned on and off; foreign words are better than none", { timeout: 60_000 }, async () => {
  await open(`/v/${one.id}`, { size: phone, locale: "en" }, async (tab) => {
    await tab.playing();
    assert.equal(await on(tab).getAttribute("aria-pressed"), "false");
    await tab.page.keyboard.press("c");
    await said(tab, "The pattern");
    assert.equal(await on(tab).getAttribute("aria-pressed"), "true");
    // Another video, without German: the viewer's own language.
    await tab.page.goto(`${server.url}/v/${both.id}`);
    await said(tab, "The pattern");
    await tab.page.goto(`${server.url}/v/${one.id}`);
    await tab.playing();
    await on(tab).click();
    await until("the words to go", async () => (await tab.at("captions").count()) === 0);
  });
});

const file = (name: string, text: string) => ({ name, mimeType: "text/vtt", buffer: Buffer.from(text) });

for (const [name, size, locale] of [["phone", phone, "fr"], ["desktop", desktop, "en"]] as const) {
  test(`an author adds, replaces and removes files (${name})`, { timeout: 60_000 }, async () => {
    const { id } = one;
    await open("/me", { size, locale, session: maker, provoked: [/422/] }, async (tab) => {
      const cell = tab.page.locator(`[data-testid=grid-video][data-video-id="${id}"]`);
      await cell.getByTestId("captions-edit").click();
      const files = tab.at("caption-files");
      await files.waitFor();
      const track = (language: string) => files.locator(`[data-testid=caption-track][data-language=${language}]`);
      assert.equal(await track("de").count(), 1);
      await tab.at("captions-language").selectOption("es");
      const add = files.locator(".add input[type=file]");
      await add.setInputFiles(file("broken.vtt", "WEBVTT\n\n00:01.000 --> 2.5\nx\n"));
      await until("the reason", async () => /broken\.vtt.*Line 3 .*"2\.5" is not a time/.test((await tab.at("captions-problem").textContent().catch(() => "")) ?? ""));
      await tab.shot(`caption-files-${name}`);
      assert.deepEqual(await tab.axe(), []);
      assert.equal(await track("es").count(), 0);

      await add.setInputFiles(file("good.vtt", english));
      await track("es").waitFor();
      assert.equal(await tab.at("captions-problem").count(), 0);
      assert.equal(await tab.at("captions-doubt").textContent(), "");
      await track("es").locator("input[type=file]").setInputFiles(file("norwegian.vtt", norwegian));
      await until("the doubt", async () => /Norwegian, not Spanish|norvégien, et non espagnol/.test((await tab.at("captions-doubt").textContent()) ?? ""));
      await tab.shot(`caption-doubt-${name}`);
      assert.deepEqual(await tab.axe(), []);
      const before = await track("es").locator("a").getAttribute("href");
      await track("es").locator("input[type=file]").setInputFiles(file("better.vtt", french));
      await until("the other file", async () => (await track("es").locator("a").getAttribute("href")) !== before);
      await track("es").getByTestId("captions-remove").click();
      await until("it to be gone", async () => (await track("es").count()) === 0);
      assert.deepEqual((await maker.get(`/api/v1/videos/${id}`)).captions.map((c: any) => c.language), ["de"]);
    });
  });
}

test("files are added beside an upload, once it is posted", { timeout: 90_000 }, async () => {
  await open("/upload", { size: phone, locale: "en", session: maker }, async (tab) => {
    await tab.page.locator("input[type=file][multiple]").first().setInputFiles({ name: "new.mp4", mimeType: "video/mp4", buffer: film() });
    const card = tab.at("upload-card");
    await card.getByTestId("post").click();
    await card.getByTestId("captions-part").waitFor({ timeout: 60_000 });
    await card.locator("summary").click();
    await tab.page.locator("[data-testid=caption-files][data-known=true]").waitFor();
    await card.locator(".add input[type=file]").setInputFiles(file("good.vtt", english));
    await card.locator("[data-testid=caption-track][data-language=en]").waitFor();
    await tab.shot("captions-upload");
    assert.deepEqual(await tab.axe(), []);
    const newest = (await maker.get("/api/v1/accounts/me/videos")).items[0];
    assert.deepEqual(newest.captions.map((c: any) => c.language), ["en"]);
  });
});
