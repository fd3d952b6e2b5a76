// What a viewer feels, in Chromium on the real server with the demo world: how long a swipe takes to
// the first frame, of the clip that was fetched ahead and of one that was not; and how much is fetched
// that nobody watches. Browser and server share the machine; the network between them has no limit,
// which is the worst case for what is fetched in vain.
//
//   web/tool node ../bench/scenario/browser.ts [--json FILE]
import { appendFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { launch, Tab } from "../../tests/browser/chromium.ts";
import { Traffic } from "../../tests/browser/traffic.ts";
import { Server, until } from "../../tests/support/server.ts";
import { world } from "../../tests/support/world.ts";

const SWIPES = 30;
const CLIPS = 30;
const SKIPPED_WITHIN_MS = 2_000;
const phone = { width: 390, height: 844 };

const { values: options } = parseArgs({ options: { json: { type: "string" } } });

/** As bench/support/report.h prints it. */
function add(name: string, value: number, unit: string, bar?: number, note = ""): void {
  const number = (v: number) => v === Math.floor(v) || Math.abs(v) >= 1000 ? v.toFixed(0)
    : v.toFixed(Math.abs(v) >= 100 ? 0 : Math.abs(v) >= 10 ? 1 : 2);
  const holds = bar === undefined ? undefined : value <= bar;
  console.log(`  ${name.padEnd(38)} ${number(value).padStart(9)} ${unit.padEnd(10)} ` +
    `${(bar === undefined ? "" : `<= ${number(bar)}`).padEnd(9)} ` +
    `${(holds === undefined ? "" : holds ? "yes" : "NO").padEnd(5)} ${note}`.trimEnd());
  if (options.json) {
    appendFileSync(options.json, JSON.stringify({ name, value, unit, bar: bar ?? null, holds: holds ?? null }) + "\n");
  }
}
const say = (text: string) => console.log(`  # ${text}`);

/** Nearest rank. */
const percentile = (values: number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)];

/** Presses the key so often within one task; from the last of them until the browser has painted a
    frame of the clip that is then on screen. Undefined at the end of the feed. */
const swipe = (page: Tab["page"], times: number): Promise<number | undefined> => page.evaluate((times) =>
  new Promise<number | undefined>((done) => {
    const stage = document.querySelector<HTMLElement>("[data-testid=stage]")!;
    const to = String(Number(stage.dataset.index) + times);
    for (let i = 0; i < times; ++i) dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", cancelable: true }));
    const began = performance.now();
    const look = () => {
      const slide = stage.querySelector<HTMLElement>("[data-current=true]");
      if (stage.dataset.index === to && slide?.dataset.painted === "true") return done(performance.now() - began);
      if (performance.now() - began > 20_000) return done(undefined);
      requestAnimationFrame(look);
    };
    look();
  }), times);

/** The next clip is decided and has been asked for, and no question is under way. */
async function settled(tab: Tab): Promise<void> {
  await tab.playing(20_000);
  const next: string = await until("the clip after this one", async () =>
    await tab.page.locator("[data-testid=slide][data-state=ahead]").getAttribute("data-video-id") ?? undefined, 20_000);
  await until("it to be asked for", async () => tab.media.some((path) => path.includes(next)), 20_000);
  await until("no question under way", async () => (await tab.at("stage").getAttribute("data-waiting")) === "false", 20_000);
}

async function first_frames(tab: Tab, times: number): Promise<number[]> {
  const waits: number[] = [];
  for (let i = 0; i < SWIPES && waits.length < 48 / times - 2; ++i) {
    await settled(tab);
    const wait = await swipe(tab.page, times);
    if (wait === undefined) throw new Error("no frame within 20 s");
    waits.push(wait);
  }
  return waits;
}

interface Watching { id: string; share: number }

/** Half of the clips are skipped within two seconds, the others are watched once. */
async function session(tab: Tab): Promise<Watching[]> {
  const seen: Watching[] = [];
  for (let i = 0; i < CLIPS; ++i) {
    await tab.playing(20_000);
    const skipped = i % 2 === 1;
    const until_ms = skipped ? SKIPPED_WITHIN_MS * (0.25 + 0.75 * ((i * 7) % 15) / 15) : Infinity;
    seen.push(await tab.page.evaluate((until_ms) => new Promise<{ id: string; share: number }>((done) => {
      const slide = document.querySelector<HTMLElement>("[data-testid=slide][data-current=true]")!;
      const video = slide.querySelector("video")!;
      let reached = 0;
      const look = () => {
        const over = video.currentTime < reached - 0.5; // it plays again from the start
        reached = Math.max(reached, video.currentTime);
        if (!over && reached * 1000 < until_ms) return void requestAnimationFrame(look);
        done({ id: slide.dataset.videoId!, share: over ? 1 : reached / video.duration });
      };
      look();
    }), until_ms));
    if (i + 1 < CLIPS) await tab.go("ArrowDown");
  }
  return seen;
}

async function wasted(tab: Tab, name: string, saving: boolean): Promise<void> {
  await tab.page.evaluate((on) => localStorage.setItem("rondo.data_saver", on ? "on" : "off"), saving);
  const traffic = await Traffic.of(tab.page);
  await tab.page.goto("/latest");
  const seen = await session(tab);
  const films = /\/\d+p(-av1)?\.mp4$/;
  const fetched = traffic.bytes(films), posters = traffic.bytes(/\/poster\.jpg$/);
  let watched = 0;
  for (const { id, share } of seen) {
    const path = [...traffic.by_path.keys()].find((path) => films.test(path) && path.includes(id));
    if (path === undefined) throw new Error(`nothing of ${id} was fetched, and it played`);
    const head = await tab.page.evaluate(async (path) =>
      Number((await fetch(path, { method: "HEAD" })).headers.get("content-length")), path);
    watched += share * head;
  }
  say(`${name}: ${(fetched / 1e6).toFixed(1)} MB of clips fetched, ${(watched / 1e6).toFixed(1)} MB of them watched; ` +
    `${(posters / 1e6).toFixed(1)} MB of posters`);
  add(`browser.${name}_unwatched`, 100 * Math.max(0, 1 - watched / fetched), "%", 30,
    `${CLIPS} clips, half of them skipped within ${SKIPPED_WITHIN_MS / 1000} s`);
  add(`browser.${name}_fetched`, (fetched + posters) / 1e6, "MB");
}

const made = await world();
const server = await Server.start({ data: made.data, args: ["--feed.wait_ms_max=5000"] });
const browser = await launch();
try {
  const in_tab = async (path: string, use: (tab: Tab) => Promise<void>) => {
    const tab = await Tab.open(browser, server, path, { size: phone, scale: 2 });
    await use(tab);
    await tab.page.context().close();
  };
  await in_tab("/latest", async (tab) => {
    const waits = await first_frames(tab, 1);
    add("browser.first_frame_ahead_p50", percentile(waits, 0.5), "ms", 100, `the next clip, fetched ahead; ${waits.length} swipes`);
    add("browser.first_frame_ahead_p95", percentile(waits, 0.95), "ms", 300);
  });
  await in_tab("/latest", async (tab) => {
    const waits = await first_frames(tab, 2);
    add("browser.first_frame_p50", percentile(waits, 0.5), "ms", undefined, `the one after it, not fetched ahead; ${waits.length} swipes`);
    add("browser.first_frame_p95", percentile(waits, 0.95), "ms", 500);
  });
  await in_tab("/nowhere", (tab) => wasted(tab, "session", false));
  await in_tab("/nowhere", (tab) => wasted(tab, "saver_session", true));
} finally {
  await browser.close();
  await server.stop();
  made.remove();
}
