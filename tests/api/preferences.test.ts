// What a viewer asks of the feed counts from the very next page, is durable when answered, and is
// refused with the exact reason when it cannot be.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { Client, ProblemError } from "../support/client.ts";
import { Server } from "../support/server.ts";
import { topicOf, Viewer } from "../support/viewer.ts";
import { topics, world, type World } from "../support/world.ts";

const path = "/api/v1/viewers/current/preferences";

let made: World;
let server: Server;
let videos: any[]; // of the demo world, all of them
before(async () => {
  made = await world();
  server = await Server.start({ data: made.data });
  const client = new Client(server.url);
  videos = [];
  for (let cursor = ""; ;) {
    const page = await client.get(`/api/v1/feeds/latest?limit=48${cursor && `&cursor=${cursor}`}`);
    videos.push(...page.items.map((item: any) => item.video));
    if (!(cursor = page.next_cursor ?? "")) break;
  }
  assert.equal(videos.length, 48);
}, { timeout: 25 * 60_000 });
after(async () => {
  await server?.stop();
  made?.remove();
});

async function change(viewer: Viewer, body: object): Promise<any> {
  const answer = await viewer.client.call("PATCH", path, body);
  viewer.offset = Math.max(viewer.offset ?? 0, answer.offset);
  return answer;
}

// Everything that the feed has for the viewer, without watching any of it.
async function everything(viewer: Viewer): Promise<any[]> {
  const page = await viewer.ask(0, 20);
  const all = [...page.items];
  while (!viewer.exhausted) {
    const before = viewer.queue.length;
    await viewer.ask(Math.min(before, 32), 20);
    assert.ok(viewer.queue.length > before || viewer.exhausted);
    if (viewer.queue.length > 32) break; // no more can be held
  }
  return viewer.queue.map((slot) => slot.item);
}

const hasTopic = (video: any, topic: string) => video.hashtags.includes(topic);

test("nothing is asked for at first, and what was asked for is read back", async () => {
  const viewer = await Viewer.anonymous(server.url);
  const empty = await viewer.client.get(path);
  assert.deepEqual(empty, { topics: [], muted: [], authors_turned_down: [], sounds_turned_down: 0, met: [] });
  const changed = await change(viewer, {
    topics: [{ topic: "#Fractals", level: 75 }, { topic: "mazes", level: -50 }], mute: ["  Don't  PANIC "],
  });
  assert.ok(Number.isInteger(changed.offset));
  const known = await viewer.client.get(path);
  assert.deepEqual(known.topics, [{ topic: "fractals", level: 75 }, { topic: "mazes", level: -50 }]);
  assert.deepEqual(known.muted, ["don't panic"]);
  // Only what is named changes; level 0 takes a wish back; the same again is the same.
  for (let i = 0; i < 2; ++i) {
    await change(viewer, { topics: [{ topic: "mazes", level: 0 }], unmute: ["DON'T panic"] });
    const after = await viewer.client.get(path);
    assert.deepEqual(after.topics, [{ topic: "fractals", level: 75 }]);
    assert.deepEqual(after.muted, []);
  }
});

test("more of a topic leads the very next page and says why; never hides it", async () => {
  const topic = topics[3];
  const viewer = await Viewer.anonymous(server.url);
  await change(viewer, { topics: [{ topic, level: 100 }] });
  const page = await viewer.ask(0, 6);
  const of = page.items.filter((item: any) => topicOf(item) === topic);
  assert.ok(of.length >= 2, `${of.length} of six`);
  assert.ok(of.some((item: any) => item.reasons.some((reason: any) =>
    reason.kind === "asked_more" && reason.subject === topic && reason.count === 100)));
  for (const item of of) {
    const term = item.terms.find((t: any) => t.name === "asked_topic");
    assert.equal(term.value, 1);
    assert.ok(term.contribution > 0);
  }
  await change(viewer, { topics: [{ topic, level: -100 }] });
  const left = await everything(viewer);
  assert.ok(left.length >= 20);
  assert.ok(left.every((item) => !hasTopic(item.video, topic)));
});

test("a muted word takes its videos out of every page; a phrase needs all of its words", async () => {
  const known = videos.find((video) => /beetle/i.test(video.caption));
  const viewer = await Viewer.anonymous(server.url);
  // Everything else is put out of the way by topic, so that all that is left fits in pages.
  const others = topics.filter((topic) => !hasTopic(known, topic)).slice(0, 6);
  await change(viewer, { topics: others.map((topic) => ({ topic, level: -100 })) });
  const ids = async () => (await everything(viewer)).map((item) => item.video.id);
  assert.ok((await ids()).includes(known.id));
  await change(viewer, { mute: ["beetle nowhere"] });
  assert.ok((await ids()).includes(known.id));
  await change(viewer, { mute: ["MATHEMATICS, Beetle"] });
  assert.ok(!(await ids()).includes(known.id));
  await change(viewer, { unmute: ["mathematics, beetle"] });
  assert.ok((await ids()).includes(known.id));
});

test("not interested in a topic is its lowest level, and can be taken back", async () => {
  const viewer = await Viewer.anonymous(server.url);
  await viewer.ask(0);
  const slot = viewer.queue[0];
  await viewer.post([viewer.event(slot, "impression"), viewer.event(slot, "not_interested", { scope: "topic" })]);
  assert.deepEqual((await viewer.client.get(path)).topics, [{ topic: topicOf(slot.item), level: -100 }]);
  await viewer.ask(0);
  const other = viewer.queue[0];
  await viewer.post([viewer.event(other, "not_interested", { scope: "author" }),
    viewer.event(other, "not_interested", { scope: "sound" })]);
  assert.deepEqual((await viewer.client.get(path)).authors_turned_down, [other.item.video.author]);
  // A reset alone is no change of mind.
  await viewer.client.post("/api/v1/viewers/current/reset", {});
  assert.equal((await viewer.client.get(path)).topics.length, 1);
  const all = await viewer.client.post("/api/v1/viewers/current/reset", { turned_down: true });
  assert.deepEqual([all.topics, all.authors_turned_down], [[], []]);
});

test("a reset forgets what was watched for, and nothing that was seen comes again", async () => {
  const viewer = await Viewer.anonymous(server.url);
  for (let i = 0; i < 8; ++i) await viewer.swipe((item) => topicOf(item) === topics[0]);
  assert.ok((await viewer.client.get(path)).met.length > 0);
  await change(viewer, { topics: [{ topic: "waves", level: 25 }] });
  const reset = await viewer.client.post("/api/v1/viewers/current/reset", {});
  viewer.offset = reset.offset;
  assert.deepEqual(reset.met, []);
  assert.deepEqual(reset.topics, [{ topic: "waves", level: 25 }]);
  const seen = new Set(viewer.seen.map((item) => item.video.id));
  for (const item of (await viewer.ask(0, 20)).items) {
    assert.ok(!seen.has(item.video.id));
    assert.equal(item.terms.find((t: any) => t.name === "topic_affinity").value, 0);
  }
});

test("what is wrong is said by field, and changes nothing", async () => {
  const viewer = await Viewer.anonymous(server.url);
  const many = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => prefix + i);
  const wrong: [object, string, string][] = [
    [{ topics: [{ topic: "waves", level: 101 }] }, "topics[0].level", "out_of_range"],
    [{ topics: [{ topic: "waves", level: -101 }] }, "topics[0].level", "out_of_range"],
    [{ topics: [{ topic: "waves", level: 1 }, { topic: "two words", level: 1 }] }, "topics[1].topic", "hashtag_characters"],
    [{ topics: [{ topic: "waves", level: 1 }, { topic: "#WAVES", level: 1 }] }, "topics[1].topic", "named_twice"],
    [{ topics: many(65, "t").map((topic) => ({ topic, level: 1 })) }, "topics", "too_many"],
    [{ mute: ["!?"] }, "mute[0]", "phrase_empty"],
    [{ mute: ["fine", "x".repeat(65)] }, "mute[1]", "phrase_too_long"],
    [{ mute: many(65, "m") }, "mute", "too_many"],
    [{ unmute: [""] }, "unmute[0]", "phrase_empty"],
    [{}, "topics", ""],
  ];
  for (const [body, field, code] of wrong) {
    await assert.rejects(viewer.client.call("PATCH", path, body), (error: ProblemError) => {
      assert.equal(error.status, 422, JSON.stringify(body));
      const problem = error.problem.errors[0];
      assert.equal(problem.field, field);
      if (code) assert.equal(problem.code, code);
      return true;
    });
  }
  assert.deepEqual((await viewer.client.get(path)).topics, []);
  // Full is full, however it was filled; what is there may still be moved.
  await change(viewer, { topics: many(64, "t").map((topic) => ({ topic, level: 1 })) });
  await assert.rejects(viewer.client.call("PATCH", path, { topics: [{ topic: "waves", level: 1 }] }),
    (error: ProblemError) => error.status === 422 && error.problem.errors[0].code === "too_many"
      && /64/.test(error.problem.detail));
  await change(viewer, { topics: [{ topic: "t0", level: 0 }, { topic: "waves", level: 1 }] });
  await assert.rejects(new Client(server.url).get(path), (error: ProblemError) => error.status === 401);
});

test("what was acknowledged survives kill -9, and comes along at sign-up", async () => {
  const viewer = await Viewer.anonymous(server.url);
  await change(viewer, { topics: [{ topic: "clocks", level: -100 }], mute: ["zebra"] });
  await server.kill();
  server = await Server.start({ data: made.data });
  const client = new Client(server.url, viewer.client.token);
  const known = await client.get(path);
  assert.deepEqual(known.topics, [{ topic: "clocks", level: -100 }]);
  assert.deepEqual(known.muted, ["zebra"]);
  await client.signUp(`wishes${Date.now() % 1_000_000}`);
  assert.deepEqual((await client.get(path)).topics, known.topics);
});
