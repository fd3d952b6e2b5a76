// What a viewer asks of the feed, by the page: sliders, muted words, a fresh start, and the panel
// beside a video.
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../support/server.ts";
import { topicOf } from "../support/viewer.ts";
import { desktop, phone, type Tab } from "./chromium.ts";
import { stand } from "./stand.ts";

const at = stand();

const known = (tab: Tab) => tab.page.locator("[data-testid=your-feed][data-known=true]").waitFor();
const level = (tab: Tab, topic: string) => tab.page.locator(`[data-testid=level][data-topic=${topic}]`);
const level_of = async (tab: Tab, topic: string) =>
  (await level(tab, topic).count()) > 0 ? Number(await level(tab, topic).getAttribute("data-level")) : undefined;

// By the keyboard alone: what is typed into the form, sent with Enter.
async function add(tab: Tab, what: "topic" | "muted", text: string): Promise<void> {
  await tab.page.locator(`#add-${what}`).fill(text);
  await tab.page.keyboard.press("Enter");
}

async function to_the_feed(tab: Tab): Promise<any> {
  const before = tab.asked.length;
  await tab.page.evaluate(() => {
    history.pushState(null, "", "/");
    dispatchEvent(new PopStateEvent("popstate"));
  });
  await tab.playing();
  return await until("the page that the feed begins with", async () => tab.asked[before]?.page);
}

for (const [name, size, locale, scheme] of [
  ["phone", phone, "en", "dark"], ["desktop", desktop, "fr", "light"],
] as const) {
  test(`topics by slider, words by form, and the very next page goes by them (${name}, ${locale})`, async () => {
    await at.tab("/me", { size, locale, scheme, provoked: [/status of 422/] }, async (tab) => {
      await tab.at("to-your-feed").click();
      await known(tab);
      await add(tab, "topic", "#Mazes");
      await until("the topic", async () => (await level_of(tab, "mazes")) === 50);
      await add(tab, "topic", "waves");
      await until("the topic", async () => (await level_of(tab, "waves")) === 50);
      // Each step of the slider is a wish; Home and End are its ends.
      await level(tab, "mazes").locator("input").press("End");
      await until("much more", async () => (await level_of(tab, "mazes")) === 100);
      await level(tab, "waves").locator("input").press("Home");
      await until("never", async () => (await level_of(tab, "waves")) === -100);

      await add(tab, "muted", "Beetle");
      await tab.page.locator("[data-testid=muted][data-text=beetle]").waitFor();
      await add(tab, "muted", "!!");
      await tab.at("wishes-problem").waitFor();
      assert.deepEqual(await tab.axe(), []);
      await tab.shot(`your-feed-${name}-${locale}-${scheme}`);
      await tab.page.locator("[data-testid=muted][data-text=beetle]").getByTestId("unmute").click();
      await until("the word to go", async () => (await tab.at("muted").count()) === 0);

      const page = await to_the_feed(tab);
      const topics = page.items.map(topicOf);
      assert.ok(topics.filter((t: string) => t === "mazes").length >= 2, topics.join(" "));
      assert.ok(page.items.every((item: any) => !item.video.hashtags.includes("waves")), topics.join(" "));
    });
  });
}

test("the panel asks for more and for less of a topic; what was to come is chosen anew", async () => {
  await at.tab("/", { size: desktop }, async (tab) => {
    const shown = await tab.playing();
    await tab.at("more-topic").click();
    await until("a page that knows of it", async () =>
      tab.asked.at(-1)?.page?.items.some((item: any) =>
        item.reasons.some((reason: any) => reason.kind === "asked_more" && reason.subject === shown.topic)));
    await tab.at("fewer-topic").click();
    await tab.at("fewer-topic").click();
    await until("a page that knows of that too", async () =>
      tab.asked.at(-1)?.page?.items.every((item: any) => topicOf(item) !== shown.topic
        || item.reasons.some((reason: any) => reason.kind === "asked_less")));
    await tab.shot("panel-levels");
    await tab.at("why-your-feed").click();
    await known(tab);
    assert.equal(await level_of(tab, shown.topic), -50);
  });
});

test("a fresh start asks first, and says what became of it", async () => {
  await at.tab("/", {}, async (tab) => {
    await tab.playing();
    for (let i = 0; i < 3; ++i) await tab.go("ArrowDown");
    await tab.page.evaluate(() => {
      history.pushState(null, "", "/me/feed");
      dispatchEvent(new PopStateEvent("popstate"));
    });
    await known(tab);
    // What was watched lately is offered without being asked for.
    await tab.at("level").first().waitFor();
    await tab.at("reset").click();
    await tab.at("reset-sheet").waitFor();
    assert.deepEqual(await tab.axe(), []);
    await tab.shot("your-feed-reset");
    await tab.page.keyboard.press("Escape");
    await until("the sheet to close", async () => (await tab.at("reset-sheet").count()) === 0);
    assert.ok((await tab.at("level").count()) > 0, "nothing was forgotten");
    await tab.at("reset").click();
    await tab.at("turned-down-too").check();
    await tab.at("reset-confirm").click();
    await until("what became of it", async () => (await tab.at("said").innerText()) !== "");
    await until("the topics to go", async () => (await tab.at("level").count()) === 0);
  });
});
