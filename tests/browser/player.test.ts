// The player, signed out: plays at once, obeys fingers and keys, and never goes black.
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../support/server.ts";
import { desktop, phone, type Tab } from "./chromium.ts";
import { darkest, Film } from "./film.ts";
import { stand } from "./stand.ts";

const at = stand();
const EMPTY = 0.01; // of the picture is lit, at most, when nothing is on it

const video_state = (tab: Tab) => tab.page.evaluate(() => {
  const video = document.querySelector<HTMLVideoElement>("[data-current=true] video")!;
  return { paused: video.paused, muted: video.muted, time: video.currentTime, duration: video.duration };
});

for (const [name, path, feed] of [["For You", "/", "for_you"], ["Latest", "/latest", "latest"]]) {
  test(`${name} plays at once without an account, silently`, async () => {
    await at.tab(path, {}, async (tab) => {
      await tab.playing(5_000);
      assert.equal(await tab.at("stage").getAttribute("data-feed"), feed);
      assert.equal((await video_state(tab)).muted, true, "sound without a gesture");
      assert.equal(await tab.at(`tab-${feed}`).getAttribute("aria-current"), "page");
    });
  });
}

test("a tap pauses and a tap goes on; two like", async () => {
  await at.tab("/latest", {}, async (tab) => {
    await tab.playing();
    await tab.page.touchscreen.tap(180, 300);
    await until("a pause", async () => (await video_state(tab)).paused);
    assert.equal(await tab.at("stage").getAttribute("data-phase"), "paused");
    await tab.at("paused").waitFor();
    const held = (await video_state(tab)).time;
    await tab.shot("player-phone-paused");
    await tab.page.touchscreen.tap(180, 300);
    await until("going on", async () => {
      const { paused, time } = await video_state(tab);
      return !paused && time !== held;
    });
    assert.equal(await tab.at("paused").count(), 0);

    const like = tab.page.locator("[data-current=true] [data-testid=like]");
    await until("taps far enough apart to be two", async () => {
      await tab.page.touchscreen.tap(180, 300);
      await tab.page.touchscreen.tap(180, 300);
      return (await like.getAttribute("aria-pressed")) === "true";
    });
  });
});

test("a finger swipes on and back; a short pull snaps into place", async () => {
  await at.tab("/latest", {}, async (tab) => {
    const first = await tab.playing();
    const touch = await tab.page.context().newCDPSession(tab.page);
    const drag = async (from: number, to: number, steps: number) => {
      const points = (y: number) => [{ x: 180, y }];
      await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: points(from) });
      for (let i = 1; i <= steps; ++i) {
        const y = from + ((to - from) * i) / steps;
        await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: points(y) });
      }
      await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    };
    const top = () => tab.page.locator("[data-current=true]").evaluate((slide) => slide.getBoundingClientRect().top);

    await drag(600, 200, 6);
    const second = await until("the next video", async () => {
      const shown = await tab.look();
      return shown?.index === 1 && shown;
    });
    assert.notEqual(second.video, first.video);
    await until("snapping", async () => (await top()) === 0);
    await drag(200, 600, 6);
    await until("the first video again", async () => (await tab.look())?.video === first.video);

    await until("snapping", async () => (await top()) === 0);
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: 180, y: 400 }] });
    await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [{ x: 180, y: 340 }] });
    await until("the slide to follow the finger", async () => (await top()) < -30);
    // Held still for longer than a flick, then let go: not far enough.
    await until("a pause of the finger", async () => {
      await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [{ x: 180, y: 341 }] });
      await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [{ x: 180, y: 340 }] });
      return await tab.page.evaluate(() => {
        const since = ((globalThis as any).still_since ??= performance.now());
        return performance.now() - since > 300;
      });
    });
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await until("snapping back", async () => (await top()) === 0);
    assert.equal((await tab.look())?.video, first.video);
  });
});

test("keys: down, up, space, m, l; the wish for sound is remembered", async () => {
  await at.tab("/latest", { size: desktop }, async (tab) => {
    const first = await tab.playing();
    const second = await tab.go("ArrowDown");
    assert.ok(second && second.video !== first.video);
    assert.equal((await tab.go("ArrowUp"))?.video, first.video);

    await tab.playing();
    await tab.page.keyboard.press("Space");
    await until("a pause", async () => (await video_state(tab)).paused);
    await tab.page.keyboard.press("Space");
    await until("going on", async () => !(await video_state(tab)).paused);

    await tab.page.keyboard.press("m");
    await until("sound", async () => !(await video_state(tab)).muted);
    assert.equal(await tab.at("stage").getAttribute("data-sound"), "true");
    await tab.go("ArrowDown");
    await tab.playing();
    assert.equal((await video_state(tab)).muted, false, "the next video is silent again");
    assert.equal(await tab.page.evaluate(() => [...document.querySelectorAll("video")].filter((v) => !v.muted).length), 1);

    const like = tab.page.locator("[data-current=true] [data-testid=like]");
    await tab.page.keyboard.press("l");
    await until("the like", async () => (await like.getAttribute("aria-pressed")) === "true");
    await tab.page.keyboard.press("l");
    await until("the like taken back", async () => (await like.getAttribute("aria-pressed")) === "false");

    // At the next visit the browser refuses sound until a gesture: silent, and loud with the first
    // one. Not by a reload: the browser may let the gestures of the page before count.
    await tab.page.goto("about:blank");
    await tab.page.goto("/latest");
    await tab.playing();
    assert.equal((await video_state(tab)).muted, true);
    await tab.page.keyboard.press("ArrowDown");
    await until("sound with the gesture", async () => !(await video_state(tab)).muted);
    await tab.page.keyboard.press("m");
    await until("silence", async () => (await video_state(tab)).muted);
  });
});

test("the progress line moves, and is where one goes on from", async () => {
  await at.tab("/latest", {}, async (tab) => {
    await tab.playing();
    const drawn = () => tab.at("progress").evaluate((bar) => {
      const done = bar.querySelector(".done")!.getBoundingClientRect();
      return done.width / bar.getBoundingClientRect().width;
    });
    const before = await drawn();
    await until("progress", async () => (await drawn()) > before + 0.02);
    await tab.page.touchscreen.tap(180, 300);
    await until("a pause", async () => (await video_state(tab)).paused);
    const box = (await tab.at("progress").boundingBox())!;
    await tab.page.mouse.click(box.x + box.width * 0.75, box.y + box.height - 2);
    await until("the new place", async () => {
      const { time, duration } = await video_state(tab);
      return Math.abs(time / duration - 0.75) < 0.03 && Math.abs((await drawn()) - 0.75) < 0.03;
    });
    // By keyboard, five seconds back.
    await tab.at("progress").focus();
    const from = (await video_state(tab)).time;
    await tab.page.keyboard.press("ArrowLeft");
    await until("the place before", async () =>
      Math.abs((await video_state(tab)).time - Math.max(0, from - 5)) < 0.1);
  });
});

test("the next video is fetched ahead, and is there within a blink", async () => {
  await at.tab("/", {}, async (tab) => {
    await tab.playing();
    const waits: number[] = [];
    for (let i = 0; i < 8; ++i) {
      const next: string = await until("the video after this one", async () =>
        await tab.page.locator("[data-testid=slide][data-state=ahead]").getAttribute("data-video-id") ?? undefined);
      await until("the next video to be asked for", async () => tab.media.some((path) => path.includes(next)));
      await until("no question under way", async () =>
        tab.asked.every((asked) => asked.page) && (await tab.at("stage").getAttribute("data-waiting")) === "false");
      waits.push(await tab.page.evaluate(() => new Promise<number>((done) => {
        const stage = document.querySelector<HTMLElement>("[data-testid=stage]")!;
        const from = stage.dataset.index;
        const began = performance.now();
        const look = () => {
          const slide = stage.querySelector<HTMLElement>("[data-current=true]");
          if (stage.dataset.index !== from && slide?.dataset.painted === "true") done(performance.now() - began);
          else requestAnimationFrame(look);
        };
        dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", cancelable: true }));
        look();
      })));
      await tab.playing();
    }
    waits.sort((a, b) => a - b);
    console.log(`  swipe to first frame, next one preloaded: p50 ${waits[4].toFixed(0)} ms, worst ${waits[7].toFixed(0)} ms`);
    assert.ok(waits[4] <= 100, `half of the swipes took over ${waits[4]} ms`);
    assert.ok(waits[7] <= 500, `a swipe took ${waits[7]} ms`);
  });
});

for (const [name, size] of [["phone", phone], ["desktop", desktop]] as const) {
  test(`no black frame between videos (${name})`, async () => {
    await at.tab("/latest", { size }, async (tab) => {
      // The picture as the compositor shows it, through the first load and six swipes.
      await tab.playing();
      const film = await Film.start(tab.page);
      for (let i = 0; i < 6; ++i) {
        await tab.go("ArrowDown");
        await tab.playing();
      }
      const frames = await film.stop();
      assert.ok(frames.length >= 12, `only ${frames.length} frames were seen`);
      const box = (await tab.page.locator("[data-current=true] .frame").boundingBox())!;
      const seen = await darkest(at.browser, frames, box);

      // The measure itself, on a picture that is gone on purpose.
      const control = await Film.start(tab.page);
      await tab.page.evaluate(() => {
        for (const node of document.querySelectorAll<HTMLElement>(".frame video, .frame img")) {
          node.style.setProperty("display", "none", "important");
        }
      });
      await until("the measure to tell an empty picture", async () =>
        (await darkest(at.browser, control.frames.slice(-1), box)).lit < EMPTY);
      await control.stop();
      console.log(`  ${frames.length} frames; lit part of the darkest: ${seen.lit.toFixed(3)}`);
      if (seen.lit <= 5 * EMPTY) tab.keep(`failed-black-frame-${name}.jpg`, Buffer.from(seen.frame, "base64"));
      assert.ok(seen.lit > 5 * EMPTY, `a black frame was shown: only ${seen.lit} of it was lit`);
    });
  });
}
