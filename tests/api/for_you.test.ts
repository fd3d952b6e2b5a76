// The main job: what is watched to the end and what is swiped away changes the next page.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "../support/client.ts";
import { binary, Server } from "../support/server.ts";
import { topicOf, Viewer } from "../support/viewer.ts";
import { topics, world, type World } from "../support/world.ts";

let made: World;
let server: Server;
before(async () => {
  made = await world();
  server = await Server.start({ data: made.data });
}, { timeout: 25 * 60_000 });
after(async () => {
  await server?.stop();
  made?.remove();
});

const mean = (xs: number[]) => xs.reduce((a, b) => a + b, 0) / xs.length;
// Half of a 95% interval of the mean (Student's t with 19 degrees of freedom).
function halfInterval(xs: number[]): number {
  const m = mean(xs);
  return 2.093 * Math.sqrt(xs.reduce((a, x) => a + (x - m) ** 2, 0) / (xs.length - 1) / xs.length);
}

// The next three pages, without repeats: all that is on the first stays held while asking.
async function threePages(viewer: Viewer): Promise<string[]> {
  await viewer.ask(0);
  await viewer.ask(6);
  await viewer.ask(12);
  return viewer.queue.map((slot) => topicOf(slot.item));
}

const share = (pages: string[], topic: string) => pages.filter((t) => t === topic).length / pages.length;

test("twenty viewers and their mirror images: pages lean to what was watched", { timeout: 120_000 }, async () => {
  const atStart: number[] = [], leaning: number[] = [], mirrored: number[] = [], first: number[] = [];
  for (let seed = 0; seed < 20; ++seed) {
    const topic = topics[seed % topics.length];
    const results: number[] = [];
    for (const mirror of [false, true]) {
      const viewer = await Viewer.anonymous(server.url);
      const before = await threePages(viewer);
      if (!mirror) atStart.push(share(before, topic));
      // All twelve from one page: a client that asked anew after each swipe would have been shown
      // most of the topic's six videos by then, and the share would measure what is left.
      await viewer.ask(0, 12);
      for (const slot of viewer.queue.splice(0)) {
        viewer.seen.push(slot.item);
        await viewer.post(viewer.watched(slot, (topicOf(slot.item) === topic) !== mirror));
      }
      const pages = await threePages(viewer);
      results.push(share(pages, topic));
      if (!mirror) first.push(share(pages.slice(0, 6), topic));
      const ids = [...viewer.seen, ...viewer.queue.map((s) => s.item)].map((item) => item.video.id);
      assert.equal(new Set(ids).size, ids.length, "no video comes twice");
    }
    leaning.push(results[0]);
    mirrored.push(results[1]);
  }
  const overMirror = leaning.map((x, i) => x - mirrored[i]);
  const overStart = leaning.map((x, i) => x - atStart[i]);
  const line = (name: string, xs: number[]) =>
    `  ${name.padEnd(34)} ${mean(xs).toFixed(3)} ± ${halfInterval(xs).toFixed(3)}`;
  console.log(["share of the topic in three pages (mean ± 95% interval, 20 seeds):",
    line("before any swipe", atStart), line("after 12 swipes", leaning),
    line("after the mirrored 12 swipes", mirrored), line("first page after 12 swipes", first),
    line("difference to the mirror image", overMirror),
    line("difference to the start", overStart)].join("\n"));
  assert.ok(mean(overMirror) - halfInterval(overMirror) > 0.15, "not clearly above the mirror image");
  assert.ok(mean(overStart) - halfInterval(overStart) > 0.05, "not clearly above the start");
  assert.ok(mean(first) - halfInterval(first) > 0.4, "the very next page does not lean clearly");
});

test("not interested in a topic takes it off the very next page; why is said", async () => {
  const viewer = await Viewer.anonymous(server.url);
  await viewer.ask(0);
  const slot = viewer.queue[0];
  const topic = topicOf(slot.item);
  await viewer.post([viewer.event(slot, "impression"),
    viewer.event(slot, "not_interested", { scope: "topic" })]);
  viewer.queue.shift();
  const pages = await threePages(viewer);
  assert.ok(!pages.includes(topic), `${topic} came again: ${pages.join(" ")}`);
});

test("every slot says why, and its terms sum to its score", async () => {
  const viewer = await Viewer.anonymous(server.url);
  for (let i = 0; i < 6; ++i) await viewer.swipe((item) => topicOf(item) === topics[0]);
  const page = await viewer.ask(0);
  for (const item of page.items) {
    assert.ok(["personal", "match", "co_watch", "sound", "trending", "fresh", "exploration"].includes(item.source));
    const sum = item.terms.reduce((a: number, t: any) => a + t.contribution, 0);
    assert.ok(Math.abs(sum - item.score) <= 1e-4 * Math.max(1, Math.abs(sum)), `${sum} is not ${item.score}`);
    for (const term of item.terms) {
      assert.ok(Math.abs(term.value * term.weight - term.contribution) <= 1e-5 * Math.max(1, Math.abs(term.contribution)), term.name);
    }
  }
  const receipt = await viewer.client.get(`/api/v1/feeds/pages/${page.page_id}`);
  assert.deepEqual(receipt.slots.map((s: any) => s.video_id), page.items.map((i: any) => i.video.id));
  for (const slot of receipt.slots) assert.ok(slot.propensity > 0 && slot.propensity <= 1);
  assert.match(receipt.bundle_sha256, /^[0-9a-f]{64}$/);
});

// All items of some pages that are asked for anew, nothing being watched.
async function offered(viewer: Viewer, pages: number): Promise<any[]> {
  const items: any[] = [];
  for (let i = 0; i < pages; ++i) items.push(...(await viewer.ask(0, 12)).items);
  return items;
}

test("what people whom one follows like comes, once they let it be shown", async () => {
  const fan = new Viewer(await new Client(server.url).signUp("fan_of_likers"));
  const liker = new Viewer(await new Client(server.url).signUp("liker"));
  await fan.client.call("PUT", "/api/v1/accounts/liker/follow");
  await liker.ask(0, 12);
  const liked = liker.queue.slice(0, 8);
  for (const slot of liked) await liker.post([liker.event(slot, "impression"), liker.event(slot, "like")]);
  const { until } = await import("../support/server.ts");
  await until("the last like", async () => (await liker.client.get(`/api/v1/videos/${liked[7].item.video.id}`)).liked);
  const named = (items: any[]) => items.filter((item) => item.source === "liked_by_followed");

  assert.equal((await liker.client.get("/api/v1/sessions/current")).account.shares_likes, false);
  assert.deepEqual(named(await offered(fan, 6)), [], "likes are private until their owner says otherwise");

  assert.equal((await liker.client.call("PATCH", "/api/v1/accounts/me", { shares_likes: true })).shares_likes, true);
  const found = named(await offered(fan, 6));
  assert.ok(found.length > 0, "nothing that the followed one likes has come");
  const ids = new Set(liked.map((slot) => slot.item.video.id));
  for (const item of found) {
    assert.ok(ids.has(item.video.id));
    assert.deepEqual(item.reasons.find((reason: any) => reason.kind === "liked_by_followed"),
      { kind: "liked_by_followed", subject: "", count: 1 });
  }
  const stranger = new Viewer(await new Client(server.url).signUp("nobodys_fan"));
  assert.deepEqual(named(await offered(stranger, 4)), []);

  await liker.client.call("PATCH", "/api/v1/accounts/me", { shares_likes: false });
  assert.deepEqual(named(await offered(fan, 6)), []);
});

test("what several people of a region finish trends there, and not elsewhere", { timeout: 60_000 }, async () => {
  const from = async (language: string) => {
    const viewer = await Viewer.anonymous(server.url);
    viewer.client.language = language;
    return viewer;
  };
  for (let i = 0; i < 4; ++i) {
    const viewer = await from("de-AT, de;q=0.8");
    await viewer.ask(0, 20);
    for (const slot of viewer.queue) await viewer.post(viewer.watched(slot, true));
  }
  const named = (items: any[]) => items.filter((item) => item.source === "trending_region");
  const found = named(await offered(await from("de-Latn-AT"), 4));
  assert.ok(found.length > 0, "nothing trends where four people have seen half of all videos");
  assert.equal(found[0].reasons.find((reason: any) => reason.kind === "trending_region").subject, "AT");
  assert.deepEqual(named(await offered(await from("de-CH"), 2)), []);
  assert.deepEqual(named(await offered(await from("de"), 2)), []);
});

test("when all is seen, the feed says so, and nothing came twice", { timeout: 60_000 }, async () => {
  const viewer = await Viewer.anonymous(server.url);
  while (await viewer.swipe(() => false)) assert.ok(viewer.seen.length <= 48);
  assert.equal(viewer.exhausted, true);
  assert.equal(viewer.seen.length, 48);
  assert.equal(new Set(viewer.seen.map((item) => item.video.id)).size, 48);
});

test("a like counts, is shown to who liked, and is taken back", async () => {
  const viewer = await Viewer.anonymous(server.url);
  await viewer.ask(0);
  const slot = viewer.queue[0];
  const id = slot.item.video.id;
  const before = (await viewer.client.get(`/api/v1/videos/${id}`)).likes;
  const like = viewer.event(slot, "like");
  await viewer.post([viewer.event(slot, "impression"), like]);
  await viewer.post([like]); // sent again: counts once
  const { until } = await import("../support/server.ts");
  const liked = await until("the like", async () => {
    const video = await viewer.client.get(`/api/v1/videos/${id}`);
    // The count and one's own like are read one after the other: they agree in the end.
    return video.liked && video.likes !== before && video;
  });
  assert.equal(liked.likes, before + 1);
  await viewer.post([viewer.event(slot, "unlike")]);
  const back = await until("the like to go", async () => {
    const video = await viewer.client.get(`/api/v1/videos/${id}`);
    return !video.liked && video.likes !== before + 1 && video;
  });
  assert.equal(back.likes, before);
});

test("events that cannot be are refused one by one, with reasons; the others are kept", async () => {
  const viewer = await Viewer.anonymous(server.url);
  await viewer.ask(0);
  const slot = viewer.queue[0];
  const receipt = await viewer.post([
    viewer.event(slot, "impression"),
    viewer.event(slot, "watch", { watch_ms: -5 }),
    viewer.event(slot, "watch"),
    { ...viewer.event(slot, "like"), page_id: "nonsense" },
    { ...viewer.event(slot, "like"), video_id: "nonsense" },
    { ...viewer.event(slot, "like"), id: "short" },
  ]);
  assert.equal(receipt.accepted, 1);
  assert.equal(receipt.rejected.length, 5);
  for (const rejected of receipt.rejected) assert.ok(rejected.detail.length > 10 && rejected.code);
});

test("signing up keeps what was learned and seen; signing in elsewhere does not merge", async () => {
  const viewer = await Viewer.anonymous(server.url);
  for (let i = 0; i < 3; ++i) await viewer.swipe(() => true);
  await viewer.client.signUp("keeper");
  const pages = await threePages(viewer);
  assert.equal(pages.length, 18);
  const ids = viewer.queue.map((s) => s.item.video.id);
  for (const item of viewer.seen) assert.ok(!ids.includes(item.video.id), "seen before signing up");
});

test("when the engine lags, For You is Latest and says so", async () => {
  const viewer = await Viewer.anonymous(server.url);
  const page = await viewer.client.get("/api/v1/feeds/for_you?after_offset=999999999");
  assert.equal(page.feed, "latest");
  assert.match(page.fallback, /engine/);
  assert.equal(page.page_id, undefined);
  assert.ok(page.items.length > 0);
  assert.ok((await viewer.ask(0)).page_id, "and it is back when it can answer");
});

test("replay in a new process gives the served page, byte for byte", async () => {
  const viewer = await Viewer.anonymous(server.url);
  for (let i = 0; i < 4; ++i) await viewer.swipe((item) => topicOf(item) === topics[1]);
  const out = execFileSync(binary, ["replay", viewer.lastPage.page_id],
    { env: { ...process.env, RONDO_DATA: server.data }, encoding: "utf8" });
  assert.match(out, /equal/i);
});

test("simulated viewers swipe through a running server", { timeout: 120_000 }, () => {
  const out = join(made.data, "simulation.json");
  const simulate = (over: string, scenario: string) => execFileSync(binary, ["simulate", "--over", over, "--scenario",
    scenario, "--viewers", "6", "--swipes", "120", "--feed", "engine", "random", "--json", out], { encoding: "utf8", stdio: "pipe" });
  // One address makes so many viewers a minute, and these share it with the tests before.
  simulate(server.url, "steady");
  const [report] = JSON.parse(readFileSync(out, "utf8")).scenarios;
  assert.equal(report.settings.over, server.url);
  const { engine } = report.feeds;
  assert.ok(engine.swipes >= 60, `${engine.swipes} swipes`);
  assert.equal(engine.repeats, 0);
  assert.throws(() => simulate(server.url, "brigade"), /brigade needs videos made for it/);
  assert.throws(() => simulate("http://example.org", "steady"), /only a server on this machine is driven/);
});
