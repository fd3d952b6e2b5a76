// Signing up, in and out, and a file that becomes a video, all by the page.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sharedData, until } from "../support/server.ts";
import { desktop, type Tab } from "./chromium.ts";
import { stand } from "./stand.ts";

const at = stand();
const password = "correct horse battery";

async function sign(tab: Tab, mode: "up" | "in", handle: string, word = password): Promise<void> {
  await tab.page.getByTestId(`choose-sign-${mode}`).click();
  await tab.page.locator("#handle").fill(handle);
  await tab.page.locator("#password").fill(word);
  await tab.page.locator("[data-testid=sign-form] button[type=submit]").click();
}

const account = (tab: Tab, handle: string) => until(`the account “${handle}”`, async () =>
  (await tab.at("me").getAttribute("data-account")) === handle);

test("sign up, sign out, sign in again; a wrong password is told from a bad name", async () => {
  await at.tab("/me", { provoked: [/status of 401/, /status of 422/, /status of 409/] }, async (tab) => {
    await sign(tab, "up", "ada");
    await account(tab, "ada");
    await tab.page.reload();
    await account(tab, "ada");
    await tab.at("sign-out").click();
    await account(tab, "");
    await tab.page.reload();
    await tab.at("sign-form").waitFor();
    await account(tab, "");

    await sign(tab, "in", "ada", "not the password");
    assert.match(await tab.at("sign-problem").innerText(), /Name or password is wrong/);
    await sign(tab, "in", "ada");
    await account(tab, "ada");

    await tab.at("sign-out").click();
    await account(tab, "");
    await sign(tab, "up", "ada");
    await until("the reason", async () => {
      const hint = tab.page.locator("#handle-hint.problem, [data-testid=sign-problem]");
      return (await hint.count()) > 0 && /taken|exists|already/i.test(await hint.first().innerText());
    });
    await sign(tab, "up", "bob", "short");
    await until("the reason", async () => {
      const hint = tab.page.locator("#password-hint.problem");
      return (await hint.count()) > 0 && /10/.test(await hint.innerText());
    });
  });
});

test("the session cookie is out of the page's reach", async () => {
  await at.tab("/me", {}, async (tab) => {
    await sign(tab, "up", "carol");
    await account(tab, "carol");
    assert.equal(await tab.page.evaluate(() => document.cookie), "");
    const cookies = await tab.page.context().cookies();
    assert.ok(cookies.length > 0 && cookies.every((c) => c.httpOnly && c.sameSite === "Lax"));
  });
});

const clip = join(sharedData, "clips/mdn-flower.mp4");

test("a file becomes a video that plays; what is no video gets its reason", {
  timeout: 90_000,
  skip: !existsSync(clip) && "the sample clips are not here (RONDO_SHARED_DATA)",
}, async () => {
  await at.tab("/upload", { size: desktop, provoked: [/status of 4(13|15|22)/] }, async (tab) => {
    // Signed out there is a way to sign up, and no file to choose.
    await tab.page.locator(".gate a").click();
    await sign(tab, "up", "florist");
    await account(tab, "florist");
    await tab.at("nav-upload").click();
    assert.match(await tab.at("limits").innerText(), /Up to .*[GM]B and 10\s?min/);

    // A text that calls itself a video.
    await tab.at("file").setInputFiles({
      name: "holiday.mp4", mimeType: "video/mp4", buffer: Buffer.from("Dear diary, no pictures today.\n".repeat(40)),
    });
    await tab.at("refusal").waitFor(); // before anything was posted
    const reason = await tab.at("refusal").innerText();
    assert.match(reason, /not a video|no video|cannot be read/i);
    assert.ok(reason.length > 30, `no reason, no next step: ${reason}`);
    await tab.shot("upload-desktop-refused");
    await tab.at("remove").click();

    // The real one, with every step written down.
    await tab.page.evaluate(() => {
      const steps: string[] = ((globalThis as any).steps = []);
      new MutationObserver(() => {
        const step = document.querySelector<HTMLElement>("[data-testid=upload-state]")?.dataset.step;
        if (step && steps.at(-1) !== step) steps.push(step);
      }).observe(document.body, { subtree: true, childList: true, attributes: true });
    });
    await tab.at("file").setInputFiles(clip);
    await tab.at("caption-input").fill("A bee at work #flowers #macro");
    await tab.at("post").click();
    const state = tab.at("upload-state");
    await until("the processing", async () => (await state.getAttribute("data-step")) === "processing");
    assert.match(await state.innerText(), /Processing \d+\s?%|waiting its turn/);
    await tab.shot("upload-desktop-processing");
    await until("the video to be live", async () => (await state.getAttribute("data-step")) === "live", 60_000);
    await tab.shot("upload-desktop-live");
    const steps: string[] = await tab.page.evaluate(() => (globalThis as any).steps);
    assert.deepEqual(steps.filter((step) => step !== "sent"), ["sending", "processing", "live"]);

    await tab.at("watch").click();
    const shown = await tab.playing();
    assert.equal(shown.author, "florist");
    assert.equal(shown.topic, "flowers");
    assert.equal(await tab.at("why").getAttribute("data-source"), "opened");
    const caption = await tab.at("column").getByTestId("caption").innerText();
    assert.match(caption, /A bee at work/);
    assert.match(caption, /#flowers\s+#macro/);
    await tab.shot("video-desktop");

    // It leads Latest, and is the only one on its owner's page: the refused one left nothing live.
    await tab.at("nav-latest").click();
    await until("Latest", async () => (await tab.look())?.video === shown.video);
    await tab.at("nav-me").click();
    await until("one's own videos", async () => (await tab.at("grid-video").count()) > 0);
    const states = await tab.at("grid-video").evaluateAll((cells) =>
      cells.map((cell) => (cell as HTMLElement).dataset.state));
    assert.equal(states.filter((s) => s === "live").length, 1, states.join(" "));
    await tab.shot("me-desktop");

    // Deleted, it is gone everywhere.
    await tab.page.locator(`[data-video-id="${shown.video}"] [data-testid=delete]`).click();
    await tab.at("delete-confirm").click();
    await until("the video to go", async () =>
      (await tab.page.locator(`[data-testid=grid-video][data-video-id="${shown.video}"]`).count()) === 0);
    await tab.at("nav-latest").click();
    assert.notEqual((await tab.playing()).video, shown.video);
  });
});
