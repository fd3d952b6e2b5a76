// What a person can say to the feed, and what it says about itself; language and appearance.
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../support/server.ts";
import { topicOf } from "../support/viewer.ts";
import { desktop, phone, type Tab } from "./chromium.ts";
import { stand } from "./stand.ts";

const at = stand();

const current = (tab: Tab, testid: string) => tab.page.locator(`[data-current=true] [data-testid=${testid}]`);
const video_of = (tab: Tab, id: string) => tab.page.evaluate(async (id) =>
  (await fetch(`/api/v1/videos/${id}`)).json(), id);

test("a like counts at once, reaches the server, and can be taken back", async () => {
  await at.tab("/", {}, async (tab) => {
    const shown = await tab.playing();
    const before = (await video_of(tab, shown.video)).likes;
    await current(tab, "like").click();
    assert.equal(await current(tab, "like").getAttribute("aria-pressed"), "true");
    assert.match((await current(tab, "like").getAttribute("aria-label"))!, new RegExp(`\\b${before + 1} like`));
    await until("the like at the server", async () => {
      const video = await video_of(tab, shown.video);
      return video.liked === true && video.likes === before + 1;
    });
    await current(tab, "like").click();
    await until("the like taken back at the server", async () => {
      const video = await video_of(tab, shown.video);
      return video.liked === false && video.likes === before;
    });
  });
});

test("not interested goes on at once, and takes the topic away when told so", async () => {
  await at.tab("/", {}, async (tab) => {
    const first = await tab.playing();
    await current(tab, "less").click();
    const second = await until("the next video", async () => {
      const shown = await tab.look();
      return shown?.index === 1 && shown;
    });
    const told = tab.events.find((event) => event.type === "not_interested");
    assert.equal(told?.video_id, first.video);
    assert.equal(told?.scope, "video");

    await tab.playing();
    await current(tab, "why-open").click();
    await tab.at("why-sheet").getByTestId("less-topic").click();
    await until("the video after it", async () => (await tab.look())?.index === 2);
    assert.equal(await tab.at("why-sheet").count(), 0);
    const page = await until("a page that knows of it", async () => {
      const batch = tab.posted.find(({ events }) => events.some((e) => e.scope === "topic"));
      return batch?.offset !== undefined
        && tab.asked.find((asked) => (asked.after_offset ?? 0) >= batch.offset! && asked.page)?.page;
    });
    const topics = page.items.map(topicOf);
    assert.ok(topics.length > 0);
    assert.ok(!topics.includes(second.topic), `${second.topic} comes again: ${topics.join(" ")}`);
    assert.notEqual((await tab.look())?.topic, second.topic);
  });
});

// "+0.18", "−0,04": what is written, as a number.
const number = (text: string) => Number(text.trim().replace("−", "-").replace(",", ".").replace("+", ""));

for (const [name, size, locale] of [["phone", phone, "en"], ["desktop", desktop, "fr"]] as const) {
  test(`why this video: the source, the terms, and numbers that sum to the score (${name}, ${locale})`, async () => {
    await at.tab("/", { size, locale }, async (tab) => {
      await tab.playing();
      await tab.go("ArrowDown");
      const shown = await tab.playing();
      await tab.page.keyboard.press("i");
      const why = tab.at("why");
      await why.waitFor();
      assert.equal(await why.getAttribute("data-video-id"), shown.video);
      await until("a video that plays on beside its reasons", async () => (await tab.look())?.phase === "playing");
      await tab.shot(`why-${name}-${locale}`);

      const source = (await why.locator(".source").innerText()).trim();
      assert.ok(source.length > 20, source);
      const terms = await why.locator("[data-term]").evaluateAll((rows) => rows.map((row) => ({
        name: (row as HTMLElement).dataset.term!,
        label: row.querySelector("dt")!.textContent!,
        how: row.querySelector(".how")!.textContent!,
        contribution: row.querySelector("strong")!.textContent!,
        width: parseFloat(row.querySelector<HTMLElement>(".fill")!.style.width),
      })));
      assert.ok(terms.length >= 3, "fewer than three terms");
      for (const term of terms) {
        assert.doesNotMatch(term.label, /_/, `${term.name} has no name that people read`);
        const [value, weight] = term.how.split("×").map(number);
        assert.ok(Math.abs(value * weight - number(term.contribution)) < 0.06 + 0.02 * Math.abs(weight), JSON.stringify(term));
      }
      const score = number(await why.getByTestId("score").innerText());
      const sum = terms.reduce((total, term) => total + number(term.contribution), 0);
      assert.ok(Math.abs(sum - score) <= 0.01 * terms.length, `the terms sum to ${sum}, the score is ${score}`);

      // The same as the server's receipt says.
      const [page_id, slot] = shown.slot.split(":");
      const receipt = await tab.page.evaluate(async (id) => (await fetch(`/api/v1/feeds/pages/${id}`)).json(), page_id);
      const kept = receipt.slots.find((s: any) => String(s.slot) === slot) ?? receipt.slots[Number(slot)];
      assert.equal(kept.video_id, shown.video);
      assert.ok(Math.abs(kept.score - score) <= 0.006, `the receipt says ${kept.score}`);
      assert.equal(await why.getAttribute("data-source"), kept.source);

      if (size === phone) {
        await tab.page.keyboard.press("Escape");
        await until("the sheet to close", async () => (await tab.at("why-sheet").count()) === 0);
      }
    });
  });
}

test("French, chosen and remembered", async () => {
  await at.tab("/me", { locale: "en" }, async (tab) => {
    assert.equal(await tab.page.locator("h2").last().innerText(), "Settings");
    await tab.at("language").selectOption("fr");
    await until("French", async () => (await tab.page.locator("html").getAttribute("lang")) === "fr");
    assert.equal(await tab.page.locator("h2").last().innerText(), "Réglages");
    await tab.shot("me-phone-fr");
    await tab.page.goto("/");
    await tab.playing();
    assert.equal(await tab.page.locator("html").getAttribute("lang"), "fr");
    assert.equal(await tab.at("tab-for_you").innerText(), "Pour vous");
    await tab.shot("feed-phone-fr");
  });
  await at.tab("/", { locale: "fr" }, async (tab) => {
    await tab.playing();
    assert.equal(await tab.page.locator("html").getAttribute("lang"), "fr", "the browser's language");
  });
});

test("light and dark follow the device, and the choice", async () => {
  const ground = (tab: Tab) => tab.page.evaluate(() => {
    const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\d+/g)!.map(Number);
    return (r + g + b) / 3 > 128 ? "light" : "dark";
  });
  await at.tab("/me", { scheme: "light", size: desktop }, async (tab) => {
    await tab.at("theme").waitFor();
    assert.equal(await ground(tab), "light");
    await tab.shot("me-desktop-light");
    await tab.at("theme").selectOption("dark");
    await until("dark", async () => (await ground(tab)) === "dark");
    await tab.page.reload();
    await tab.at("theme").waitFor();
    assert.equal(await ground(tab), "dark", "the choice is forgotten");
    await tab.at("theme").selectOption("system");
    await until("light", async () => (await ground(tab)) === "light");
    await tab.page.emulateMedia({ colorScheme: "dark" });
    await until("dark with the device", async () => (await ground(tab)) === "dark");
  });
});
