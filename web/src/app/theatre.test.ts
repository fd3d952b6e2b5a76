import { beforeEach, expect, it } from "vitest";
import type { Event, FeedPage } from "../api/types";
import { RankedFeed } from "../feed/ranked_feed";
import { FakeClock, ranked, turn } from "../feed/testing";
import { FakeMedia } from "../player/testing";
import { Theatre } from "./theatre";

let events: Event[];
let pages: FeedPage[];
let media: [FakeMedia, FakeMedia, FakeMedia];
let theatre: Theatre;
let feed: RankedFeed;

const told = () => events.map((e) => `${e.type} ${e.video_id} ${e.page_id}:${e.slot}`);

beforeEach(async () => {
  events = [];
  pages = [ranked("p1", ["a", "b", "c"]), ranked("p2", ["x", "y"]), ranked("p3", ["z"])];
  media = [new FakeMedia(), new FakeMedia(), new FakeMedia()];
  feed = new RankedFeed({
    clock: new FakeClock(),
    page: () => Promise.resolve(pages.shift() ?? ranked("p9", [])),
  });
  let n = 0;
  theatre = new Theatre({
    feed,
    media,
    viewing: () => ({ width_px: 720, height_px: 1280 }),
    record: (event) => events.push(event),
    new_event_id: () => `event-${++n}`,
    wall_clock: () => "2026-01-01T00:00:00Z",
    sound_wanted: false,
    remember_sound: () => undefined,
  });
  feed.start();
  await turn();
});

it("tells what came on screen and how it was left, by page and slot", () => {
  media[0].duration_ms = 4000;
  media[0].emit("playing");
  media[0].run_to(500);
  feed.next();
  expect(told()).toEqual(["impression a p1:0", "watch a p1:0", "impression b p1:1"]);
  expect(events[1]).toMatchObject({ watch_ms: 500, loops: 0, skipped: true });
  expect(new Set(events.map((e) => e.id)).size).toBe(3);
});

it("likes and takes it back, on the screen at once", () => {
  theatre.toggle_like();
  expect(feed.current?.item.video).toMatchObject({ liked: true, likes: 1 });
  theatre.like(true);
  theatre.toggle_like();
  expect(feed.current?.item.video).toMatchObject({ liked: false, likes: 0 });
  expect(told().slice(1)).toEqual(["like a p1:0", "unlike a p1:0"]);
});

it("goes on only to what was ranked after something was turned down", async () => {
  theatre.not_interested("topic");
  expect(events.at(-1)).toMatchObject({ type: "not_interested", scope: "topic", video_id: "a" });
  expect(feed.snapshot).toMatchObject({ index: 0, waiting: true });
  feed.stored(4);
  await turn();
  expect(feed.current?.item.video.id).toBe("x");
  expect(media[1].url).toBe("/media/x");
});

it("loads nothing anew when only the likes changed", () => {
  media[0].position_ms = 1234;
  theatre.toggle_like();
  expect(media[0].position_ms).toBe(1234);
});
