// The data saver: said on this device or wished by the browser; counted in bytes.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BrowserContext } from "playwright-core";
import { Client } from "../support/client.ts";
import { until } from "../support/server.ts";
import { desktop, phone, type Tab, type TabOptions } from "./chromium.ts";
import { stand } from "./stand.ts";
import { Traffic } from "./traffic.ts";

const at = stand();
const CLIPS = 5;
const tall = { width: 1280, height: 1440 }; // for which the largest rendition would be chosen

/** Whatever the browser has measured of this machine's network, which decides about sizes too. */
const fast = (context: BrowserContext) => context.addInitScript(() =>
  Object.defineProperty(Object.getPrototypeOf((navigator as any).connection), "downlink", { get: () => 10 }));
const switched_on = (context: BrowserContext) =>
  context.addInitScript(() => localStorage.setItem("rondo.data_saver", "on"));
const wished = (context: BrowserContext) => context.addInitScript(() =>
  Object.defineProperty(Object.getPrototypeOf((navigator as any).connection), "saveData", { get: () => true }));

interface Session { traffic: Traffic; videos: any[] }

/** The first clips of Latest, each until all of it is there. */
async function session(prepare?: TabOptions["prepare"]): Promise<Session> {
  const { items } = await new Client(at.server.url).get("/api/v1/feeds/latest");
  const videos = items.map((item: any) => item.video);
  let traffic!: Traffic;
  return await at.tab("/latest", {
    size: tall,
    prepare: async (context) => {
      traffic = await Traffic.of(context.pages()[0]);
      await fast(context);
      await prepare?.(context);
    },
  }, async (tab) => {
    for (let i = 0; i < CLIPS; ++i) {
      if (i > 0) await tab.go("ArrowDown");
      assert.equal((await tab.playing()).video, videos[i].id);
      await until("all of the clip", () => tab.page.evaluate(() => {
        const { buffered, duration } = document.querySelector<HTMLVideoElement>("[data-current=true] video")!;
        return buffered.length > 0 && buffered.end(buffered.length - 1) > duration - 0.1;
      }), 20_000);
    }
    return { traffic, videos };
  });
}

const films = /\/\d+p(-av1)?\.mp4$/;
const pictures = /\/poster\.jpg$/;
const lines = (path: string) => Number(path.match(/\/(\d+)p/)?.[1]);

test("fetches smaller renditions, no posters, and nothing beyond the next clip", { timeout: 180_000 }, async () => {
  const free = await session(), saving = await session(switched_on), by_browser = await session(wished);
  const sum = ({ traffic }: Session) => ({ films: traffic.bytes(films), pictures: traffic.bytes(pictures) });
  console.log(`  ${CLIPS} clips: ${JSON.stringify(sum(free))}; saving: ${JSON.stringify(sum(saving))}; ` +
    `as the browser wishes: ${JSON.stringify(sum(by_browser))}`);

  assert.ok(Math.max(...[...free.traffic.by_path.keys()].filter((path) => films.test(path)).map(lines)) > 480,
    "without it nothing larger is fetched, so nothing is saved");
  assert.ok(free.traffic.bytes(pictures) > 0);
  for (const one of [saving, by_browser]) {
    const paths = [...one.traffic.by_path.keys()];
    assert.deepEqual(paths.filter((path) => films.test(path) && lines(path) > 480), []);
    assert.deepEqual(paths.filter((path) => pictures.test(path)), []);
    const sizes = sum(one);
    assert.ok(sizes.films + sizes.pictures < 0.8 * (sum(free).films + sum(free).pictures), JSON.stringify(sizes));
    const reached = one.videos.slice(0, CLIPS + 1);
    assert.deepEqual(paths.filter((path) => films.test(path) && !reached.some(({ id }) => path.includes(id))), []);
  }
});

async function clean(tab: Tab, name: string): Promise<void> {
  await tab.shot(name);
  assert.deepEqual(await tab.axe(), []);
}

for (const [name, size, locale] of [["desktop", desktop, "en"], ["phone", phone, "fr"]] as const) {
  test(`is a switch among the settings, and kept (${name}, ${locale})`, async () => {
    await at.tab("/me", { size, locale }, async (tab) => {
      const box = tab.at("data-saver");
      assert.equal(await box.isChecked(), false);
      await box.check();
      await tab.page.reload();
      assert.equal(await box.isChecked(), true);
      await box.scrollIntoViewIfNeeded();
      await clean(tab, `data-saver-${name}-${locale}`);
      await box.uncheck();
      await tab.page.reload();
      assert.equal(await box.isChecked(), false);
    });
  });
}

test("goes by the browser until somebody says otherwise", async () => {
  await at.tab("/me", { prepare: wished }, async (tab) => {
    assert.equal(await tab.at("data-saver").isChecked(), true);
    await tab.at("data-saver").uncheck();
    await tab.page.reload();
    assert.equal(await tab.at("data-saver").isChecked(), false);
  });
});
