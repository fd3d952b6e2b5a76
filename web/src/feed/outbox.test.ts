import { beforeEach, expect, it } from "vitest";
import { ApiError } from "../api/problem";
import type { Event, EventReceipt } from "../api/types";
import { BATCH_MAX, EVENTS_MAX, Outbox } from "./outbox";
import { FakeClock } from "./testing";

let clock: FakeClock;
let sent: string[][];
let failures: [number, boolean][];
let offsets: number[];
let answer: (events: Event[]) => Promise<EventReceipt>;
let beacons: string[][];
let beacon_works: boolean;
let outbox: Outbox;

const event = (id: string): Event => ({ id, type: "impression", video_id: "v" });
const ids = (events: Event[]) => events.map((e) => e.id);
const accept = (events: Event[]) =>
  Promise.resolve({ offset: sent.length * 10, accepted: events.length, rejected: [] });

beforeEach(() => {
  clock = new FakeClock();
  sent = [];
  failures = [];
  offsets = [];
  beacons = [];
  beacon_works = true;
  answer = accept;
  outbox = new Outbox({
    clock,
    post(events) {
      sent.push(ids(events));
      return answer(events);
    },
    beacon(events) {
      beacons.push(ids(events));
      return beacon_works;
    },
    posted: (receipt) => offsets.push(receipt.offset),
    failed: (error, retry) => failures.push([error.status, retry]),
  });
});

it("sends the two events of a swipe in one batch and tells the offset", async () => {
  outbox.add(event("watch"));
  outbox.add(event("impression"));
  await clock.pass(50);
  expect(sent).toEqual([["watch", "impression"]]);
  expect(offsets).toEqual([10]);
  expect(outbox.size).toBe(0);
});

it("sends again, under the same ids and in order, until it is acknowledged", async () => {
  answer = () => Promise.reject(new ApiError("unreachable"));
  outbox.add(event("a"));
  await clock.pass(300);
  outbox.add(event("b"));
  expect(sent).toEqual([["a"]]);
  answer = accept;
  await clock.pass(1000);
  expect(sent).toEqual([["a"], ["a", "b"]]);
  expect(failures).toEqual([[0, true]]);
});

it("backs off", async () => {
  answer = () => Promise.reject(new ApiError("refused", 503));
  outbox.add(event("a"));
  await clock.pass(10 * 60_000);
  expect(sent.length).toBeGreaterThan(20);
  expect(sent.length).toBeLessThan(40);
});

it("does as the server says about when to come back", async () => {
  answer = () => Promise.reject(new ApiError("refused", 429, undefined, 20_000));
  outbox.add(event("a"));
  await clock.pass(19_000);
  expect(sent).toHaveLength(1);
  await clock.pass(2_000);
  expect(sent).toHaveLength(2);
});

it("lets go of a batch that will never be taken, so that the rest gets through", async () => {
  answer = () => Promise.reject(new ApiError("refused", 422));
  outbox.add(event("bad"));
  await clock.pass(50);
  expect(failures).toEqual([[422, false]]);
  answer = accept;
  outbox.add(event("good"));
  await clock.pass(50);
  expect(sent).toEqual([["bad"], ["good"]]);
});

it("keeps to its limits", async () => {
  answer = () => Promise.reject(new ApiError("unreachable"));
  outbox.add(event("first"));
  await clock.pass(30);
  for (let i = 0; i < EVENTS_MAX + 5; i += 1) outbox.add(event(`e${i}`));
  expect(outbox.size).toBe(EVENTS_MAX);
  answer = accept;
  await clock.pass(60_000);
  expect(Math.max(...sent.map((batch) => batch.length))).toBe(BATCH_MAX);
  expect(sent.at(-1)?.at(-1)).toBe(`e${EVENTS_MAX + 4}`);
});

it("hands everything to the browser when the page goes away", async () => {
  outbox.add(event("a"), event("b"));
  outbox.last_chance();
  expect(beacons).toEqual([["a", "b"]]);
  expect(outbox.size).toBe(0);
  await clock.pass(1000);
  expect(sent).toEqual([]);
});

it("posts at the last moment what the browser would not queue", () => {
  beacon_works = false;
  outbox.add(event("a"));
  outbox.last_chance();
  expect(sent).toEqual([["a"]]);
});

it("tries at once when the network is back", async () => {
  answer = () => Promise.reject(new ApiError("unreachable"));
  outbox.add(event("a"));
  await clock.pass(10_000);
  const before = sent.length;
  answer = accept;
  outbox.retry();
  await clock.pass(1);
  expect(sent.length).toBe(before + 1);
  expect(outbox.size).toBe(0);
});
