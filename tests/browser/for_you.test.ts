// The main job, as a person sees it: watch one topic to the end, swipe the others away, and the
// feed leans that way, says so, and never shows a video twice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../support/server.ts";
import { topicOf } from "../support/viewer.ts";
import { desktop, phone, type Shown, type Tab } from "./chromium.ts";
import { stand } from "./stand.ts";

const at = stand();
const SWIPES = 10;
const AFTER = 9; // a topic has six videos: further on, its share falls because they have been seen
const SPEED = 2.5; // real playing, only faster; the meter takes steps up to 1.5 s for playing

interface Story {
  start: string[]; // topics of the first page
  things: string[]; // topics of what was shown, and after it of what is offered in the end
  shown: Shown[];
  said: string[]; // by the chip
}

// Every chip that comes up, however short.
async function hear(tab: Tab): Promise<() => Promise<{ topic: string; more: boolean; text: string }[]>> {
  await tab.page.evaluate(() => {
    const heard: { topic: string; more: boolean; text: string }[] = ((globalThis as any).heard = []);
    new MutationObserver(() => {
      const chip = document.querySelector<HTMLElement>("[data-testid=learned]");
      const text = chip?.innerText.trim();
      if (!chip || !text || heard.at(-1)?.text === text) return;
      heard.push({ topic: chip.dataset.topic ?? "", more: chip.dataset.more === "true", text });
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  });
  return () => tab.page.evaluate(() => (globalThis as any).heard);
}

// Leaves what was watched, if it was, and swipes away what is not about `topic`, a fifth of a second after its first frame, `most` times at
// most; says what was swiped away. Runs in the page, so that a busy machine does not make the viewer
// slow to decide.
async function swipe_others(tab: Tab, topic: string, most: number, leave: boolean): Promise<Shown[]> {
  return await tab.page.evaluate(({ topic, most, leave }) => new Promise<any[]>((done) => {
    const away: any[] = [];
    let painted_at: number | undefined;
    const stage = document.querySelector<HTMLElement>("[data-testid=stage]")!;
    const down = () => dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", cancelable: true }));
    let left = leave ? Number(stage.dataset.index) : -1;
    const step = (now: number) => {
      const data = stage.querySelector<HTMLElement>("[data-current=true]")?.dataset;
      const index = Number(stage.dataset.index);
      const waits = stage.dataset.waiting === "true" || left === index;
      if (!waits) {
        if (!data?.videoId || data.topic === topic || away.length === most) return done(away);
        if (data.painted === "true") painted_at ??= now;
        if (painted_at !== undefined && now - painted_at > 200) {
          away.push({
            index, video: data.videoId, topic: data.topic, author: data.author, phase: stage.dataset.phase,
            slot: `${data.pageId}:${data.slot}`, painted: true,
          });
          painted_at = undefined;
          left = index;
          down();
        }
      }
      requestAnimationFrame(step);
    };
    if (leave) down();
    requestAnimationFrame(step);
  }), { topic, most, leave });
}

// Until the client has told the server how `video` was left, and the server has it.
async function outcome(tab: Tab, video: string): Promise<any> {
  return await until(`the outcome of ${video}`, async () => {
    const batch = tab.posted.find(({ events }) => events.some((e) => e.type === "watch" && e.video_id === video));
    return batch?.offset !== undefined && batch.events.find((e) => e.type === "watch" && e.video_id === video);
  }, 40_000);
}

// A picture that costs the viewer no time: the video stands still for it.
async function picture(tab: Tab, name: string): Promise<void> {
  const current = tab.page.locator("[data-current=true] video");
  await current.evaluate((video) => (video as HTMLVideoElement).pause());
  await tab.shot(name);
  await current.evaluate((video) => (video as HTMLVideoElement).play());
}

async function one_topic(tab: Tab, topic: string, name: string): Promise<Story> {
  const heard = await hear(tab);
  const shown: Shown[] = [];
  let on_screen = await tab.playing();
  const start = tab.asked[0].page.items.map(topicOf);
  await picture(tab, `feed-${name}-start`);
  let pictured = false;

  while (shown.length < SWIPES) {
    const away = await swipe_others(tab, topic, SWIPES - shown.length, shown.length > 0);
    shown.push(...away);
    for (const { video, index } of away) {
      const told = await outcome(tab, video);
      assert.equal(told.skipped, true, "swiped away, told as watched");
      // The first one has played while this test got ready.
      assert.ok(index === 0 || told.watch_ms < 1000, `number ${index} swiped away after ${told.watch_ms} ms`);
    }
    on_screen = (await tab.look())!;
    assert.ok(on_screen, "the feed ended early");
    if (shown.length === SWIPES) break;

    assert.equal(on_screen.topic, topic);
    shown.push(on_screen);
    await tab.page.locator("[data-current=true] video").evaluate((video, speed) => {
      (video as HTMLVideoElement).playbackRate = speed;
    }, SPEED);
    const told = await outcome(tab, on_screen.video);
    assert.equal(told.skipped, false, "played to the end, told as skipped");
    assert.equal(told.loops, 1);
    const chip = tab.page.locator("[data-testid=learned][data-more=true]");
    if (!pictured && (await chip.count()) > 0) {
      pictured = true;
      await picture(tab, `feed-${name}-learned`);
    }
  }
  if (shown.at(-1)!.video === on_screen.video) {
    on_screen = (await tab.go("ArrowDown"))!;
    assert.ok(on_screen, "the feed ended early");
  }
  shown.push(on_screen);

  // What is offered in the end: the page that knows of the last event.
  const last = Math.max(...tab.posted.map((batch) => batch.offset ?? 0));
  const final = await until("a page after the last event", async () =>
    tab.asked.find((asked) => (asked.after_offset ?? 0) >= last && asked.page));
  assert.equal(final.page.fallback, undefined);
  const next = tab.asked.flatMap(({ page }) =>
    (page?.items ?? []).filter((item: any) => `${page.page_id}:${item.slot}` === final.held[1]));
  await tab.playing();
  await tab.shot(`feed-${name}-later`);

  no_repeats(tab, shown);
  asked_anew(tab);
  held_only_current_and_next(tab, shown);
  released(tab, shown);
  await reranked(tab);

  const says = await heard();
  const more = says.find((saying) => saying.topic === topic && saying.more);
  assert.ok(more, `nothing said about ${topic}: ${JSON.stringify(says)}`);
  assert.match(more.text, new RegExp(`^More ${topic}: you (watched|liked) \\w+`));
  const things = [...shown.map((s) => s.topic), ...[...next, ...final.page.items].map(topicOf)];
  return { start, things, shown, said: says.map((saying) => saying.text) };
}

function no_repeats(tab: Tab, shown: Shown[]): void {
  assert.equal(new Set(shown.map((s) => s.video)).size, shown.length, "a video came twice");
  // Nor did the server offer one again that had been shown when it was asked.
  const seen = new Map<string, number>();
  for (const batch of tab.posted) {
    for (const event of batch.events) {
      if (event.type === "impression" && batch.answered_at) seen.set(event.video_id, batch.answered_at);
    }
  }
  for (const asked of tab.asked) {
    for (const item of asked.page?.items ?? []) {
      const at = seen.get(item.video.id);
      assert.ok(at === undefined || asked.asked_at < at, `${item.video.id} was offered after it was seen`);
    }
  }
}

// Each stored batch is followed by a question that waits for it.
function asked_anew(tab: Tab): void {
  for (const batch of tab.posted) {
    if (batch.offset === undefined) continue;
    const question = tab.asked.find((asked) =>
      asked.asked_at > batch.answered_at! && (asked.after_offset ?? -1) >= batch.offset!);
    assert.ok(question, `no question after offset ${batch.offset}`);
  }
  assert.ok(tab.posted.length > SWIPES, "fewer batches of events than swipes");
}

function held_only_current_and_next(tab: Tab, shown: Shown[]): void {
  const slots = shown.map((s) => s.slot);
  for (const asked of tab.asked.slice(1)) {
    assert.ok(asked.held.length >= 1 && asked.held.length <= 2, `held ${asked.held.join(",")}`);
    const current = slots.indexOf(asked.held[0]);
    assert.ok(current >= 0, `held ${asked.held[0]}, which was not on screen`);
    const next = slots[current + 1];
    if (asked.held[1] !== undefined && next !== undefined) {
      assert.equal(asked.held[1], next, "what was held was not what came next");
    }
  }
}

// What was offered and not held is free again: some of it comes back in a later page.
function released(tab: Tab, shown: Shown[]): void {
  const offers = new Map<string, Set<string>>();
  for (const { page } of tab.asked) {
    for (const item of page?.items ?? []) {
      if (!offers.has(item.video.id)) offers.set(item.video.id, new Set());
      offers.get(item.video.id)!.add(page.page_id);
    }
  }
  const again = [...offers].filter(([, pages]) => pages.size > 1).map(([video]) => video);
  assert.ok(again.length > 0, "nothing that was given back was ever offered again");
  const later = again.filter((video) => shown.some((s) => s.video === video));
  assert.ok(later.length > 0, "nothing that was given back was ever shown later");
}

async function reranked(tab: Tab): Promise<void> {
  const turns = Number(await tab.at("stage").getAttribute("data-ranked-anew"));
  assert.ok(turns >= SWIPES, `the ring turned ${turns} times for ${SWIPES} swipes`);
}

const share = (topics: string[], topic: string) => topics.filter((t) => t === topic).length / topics.length;

test("what is watched to the end comes more, what is swiped away comes less", { timeout: 180_000 }, async () => {
  const on_phone = await at.tab("/", { size: phone }, (tab) => one_topic(tab, "fractals", "phone"));
  const on_desktop = await at.tab("/", { size: desktop }, (tab) => one_topic(tab, "clocks", "desktop"));
  const table = [["fractals", on_phone, on_desktop], ["clocks", on_desktop, on_phone]] as const;
  for (const [topic, fan, other] of table) {
    const first = fan.things.indexOf(topic);
    const after = share(fan.things.slice(first + 1, first + 1 + AFTER), topic);
    const mirrored = share(other.things.slice(4), topic);
    console.log(`  ${topic}: ${share(fan.start, topic).toFixed(2)} of the first page; after the first one watched `
      + `to the end ${after.toFixed(2)}; for who swiped them away ${mirrored.toFixed(2)}; `
      + `said: “${fan.said.find((text) => text.startsWith(`More ${topic}`))}”`);
    assert.ok(after > share(fan.start, topic), `${topic}: no more than at the start`);
    assert.ok(after > mirrored, `${topic}: no more than for who swiped it away`);
  }
});
