// axe finds nothing wrong on any screen, in either language, in the dark and in the light.
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../support/server.ts";
import { Client } from "../support/client.ts";
import { desktop, phone, type Tab } from "./chromium.ts";
import { stand } from "./stand.ts";

const at = stand();

type Reach = (tab: Tab) => Promise<void>;

// By name: how each screen is reached from any other, signed out unless said.
function screens(video: string, author: string): [string, Reach][] {
  const to = (path: string, testid: string): Reach => async (tab) => {
    await tab.page.evaluate((path) => {
      history.pushState(null, "", path);
      dispatchEvent(new PopStateEvent("popstate"));
    }, path);
    await tab.at(testid).waitFor();
  };
  const plays = (path: string): Reach => async (tab) => {
    await to(path, "stage")(tab);
    await tab.playing();
  };
  return [
    ["for you", plays("/")],
    ["why", async (tab) => {
      await tab.page.keyboard.press("i");
      await tab.at("terms").waitFor();
    }],
    ["video", plays(`/v/${video}`)],
    ["the end of a video", async (tab) => {
      await tab.go("ArrowDown");
      // In sight and in reach, under nothing.
      await tab.page.locator("[data-current=true] [data-testid=from-top]").click({ trial: true });
    }],
    ["following, signed out", async (tab) => {
      await to("/following", "following-gate")(tab);
    }],
    ["upload, signed out", to("/upload", "upload")],
    ["profile", async (tab) => {
      await to(`/@${author}`, "profile")(tab);
      await tab.at("grid-video").first().waitFor();
    }],
    ["nowhere", to("/nowhere/at/all", "nowhere")],
    ["your feed", async (tab) => {
      await to("/me/feed", "your-feed")(tab);
      await tab.page.locator("[data-testid=your-feed][data-known=true]").waitFor();
    }],
    ["me, signed out", to("/me", "sign-form")],
    ["me, signed in", async (tab) => {
      await tab.page.locator("#handle").fill(`axe${Math.floor(performance.now())}`);
      await tab.page.locator("#password").fill("correct horse battery");
      await tab.page.locator("[data-testid=sign-form] button[type=submit]").click();
      await tab.at("own-videos").waitFor();
    }],
    ["upload, signed in", async (tab) => {
      await to("/upload", "limits")(tab);
    }],
    ["following, nobody followed", async (tab) => {
      await to("/following", "stage")(tab);
      await tab.page.locator("[data-current=true] [data-testid=feed-end][data-kind=empty]").waitFor();
    }],
  ];
}

for (const [name, size, locale, scheme] of [
  ["phone", phone, "en", "dark"], ["desktop", desktop, "fr", "light"],
  ["desktop", desktop, "en", "dark"], ["phone", phone, "fr", "light"],
] as const) {
  test(`axe: ${name}, ${locale}, ${scheme}`, { timeout: 60_000 }, async () => {
    const client = await new Client(at.server.url).anonymous();
    const { video } = (await client.get("/api/v1/feeds/latest?limit=1")).items[0];
    const found: string[] = [];
    await at.tab("/", { size, locale, scheme }, async (tab) => {
      await tab.playing();
      for (const [screen, reach] of screens(video.id, video.author)) {
        await reach(tab);
        await until("motion to end", async () => await tab.page.evaluate(() =>
          document.getAnimations().every((motion) => motion.playState !== "running"
            || motion.effect?.getTiming().iterations === Infinity)));
        for (const line of await tab.axe()) found.push(`${screen}: ${line}`);
        await tab.shot(`axe-${name}-${locale}-${scheme}-${screen.replace(/\W+/g, "-")}`);
        if ((await tab.page.locator("dialog[open]").count()) > 0) {
          await tab.page.keyboard.press("Escape");
          await until("the sheet to close", async () => (await tab.page.locator("dialog[open]").count()) === 0);
        }
      }
    });
    assert.deepEqual(found, []);
  });
}

test("axe itself finds what is wrong", async () => {
  await at.tab("/me", {}, async (tab) => {
    await tab.at("sign-form").waitFor();
    await tab.page.evaluate(() => document.querySelector("label[for=handle]")!.remove());
    const found = await tab.axe();
    assert.ok(found.some((line) => line.startsWith("label ")), found.join("\n"));
  });
});
