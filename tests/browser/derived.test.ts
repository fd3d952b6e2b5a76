// What is derived of a video, in the client: the placeholder before the poster, the storyboard over the
// seek bar, the preview in a grid. A server of its own with one uploaded clip.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { Client } from "../support/client.ts";
import { hasSharedData, Server, until } from "../support/server.ts";
import { clip, finished, publish, send, settled } from "../support/upload.ts";
import { desktop, launch, phone, with_tab } from "./chromium.ts";

const skip = hasSharedData("clips") ? false : "the sample clips are not here (RONDO_SHARED_DATA)";

let server: Server;
let browser: Browser;
let video: any;

before(async () => {
  if (skip) return;
  server = await Server.start({ args: ["--feed.wait_ms_max=5000"] });
  const maker = await new Client(server.url).signUp("maker");
  const upload = await send(maker, clip("mdn-frog.mp4"), { filename: "frog.mp4" });
  video = await settled(maker, (await publish(maker, upload, "A frog")).id);
  assert.equal(video.state, "live", JSON.stringify(video.refusal));
  video = await finished(maker, server.data, video.id, upload);
  browser = await launch();
}, { timeout: 180_000 });
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const [name, size, locale] of [["desktop", desktop, "fr"], ["phone", phone, "en"]] as const) {
  test(`the storyboard follows the pointer on the seek bar (${name})`, { skip, timeout: 60_000 }, async () => {
    await with_tab(browser, server, `/v/${video.id}`, { size, locale }, async (tab) => {
      await tab.playing();
      const bar = tab.at("progress");
      const box = (await bar.boundingBox())!;
      const point = async (share: number) => {
        await tab.page.mouse.move(box.x + box.width * share, box.y + box.height / 2);
        return await tab.at("storyboard").evaluate((tile: HTMLElement) => ({
          x: Number(/(-?\d+)px/.exec(tile.style.backgroundPosition)![1]), image: tile.style.backgroundImage,
          left: tile.getBoundingClientRect().left, right: tile.getBoundingClientRect().right, time: tile.textContent!.trim() }));
      };
      await until("the storyboard to be fetched", async () => {
        await point(0.5);
        return tab.page.evaluate((url) => performance.getEntriesByName(new URL(url, location.href).href).length > 0, video.storyboard.url);
      });
      const half = await point(0.5);
      assert.ok(half.image.includes(video.storyboard.url), half.image);
      assert.equal(half.time, "0:04");
      await tab.shot(`storyboard-${name}`);
      assert.notEqual((await point(0.25)).x, half.x, "another picture elsewhere");
      for (const share of [0.001, 0.999]) {
        const at = await point(share);
        assert.ok(at.left >= 0 && at.right <= size.width, `at ${share} it leaves the screen: ${at.left}..${at.right}`);
      }
      assert.deepEqual(await tab.axe(), []);
      await tab.page.mouse.move(box.x + box.width / 2, box.y - 300);
      assert.equal(await tab.at("storyboard").count(), 0);
    });
  });
}

test("the placeholder is painted until the picture is there", { skip, timeout: 60_000 }, async () => {
  await with_tab(browser, server, "/", { size: phone, provoked: [/ERR_FAILED/, /Failed to load/] }, async (tab) => {
    // Neither poster nor video comes.
    await tab.page.route(/\/media\//, (route) => route.abort());
    await tab.page.goto(`/v/${video.id}`);
    const canvas = tab.at("placeholder").first();
    const colours = await until("the placeholder's pixels", async () => {
      const found = await canvas.evaluate((node: HTMLCanvasElement) => {
        const data = node.getContext("2d")!.getImageData(0, 0, node.width, node.height).data;
        return new Set(Array.from({ length: data.length / 4 }, (_, i) => data[i * 4] * 65536 + data[i * 4 + 1] * 256 + data[i * 4 + 2])).size;
      }).catch(() => 0);
      return found > 50 && found;
    });
    assert.ok(colours > 50);
    await tab.shot("placeholder");
  });
});

test("the preview plays in a grid while the mouse is on it", { skip, timeout: 60_000 }, async () => {
  await with_tab(browser, server, "/@maker", { size: desktop }, async (tab) => {
    const cell = tab.at("grid-video").first();
    await cell.waitFor();
    assert.equal(await tab.at("preview").count(), 0);
    await cell.hover();
    await until("the preview to play", async () =>
      tab.at("preview").evaluate((node: HTMLVideoElement) => node.currentTime > 0.2 && node.muted).catch(() => false));
    await tab.shot("preview");
    assert.deepEqual(await tab.axe(), []);
    await tab.page.mouse.move(1, 1);
    await until("the preview to go", async () => (await tab.at("preview").count()) === 0);
  });
});
