import { beforeEach, describe, expect, it } from "vitest";
import type { PageRequest } from "../api/client";
import { ApiError } from "../api/problem";
import type { FeedPage } from "../api/types";
import { RankedFeed } from "./ranked_feed";
import { FakeClock, ranked, turn } from "./testing";

interface Asked {
  request: PageRequest;
  answer(page: FeedPage): Promise<void>;
  fail(error: ApiError): Promise<void>;
}

let clock: FakeClock;
let asked: Asked[];
let feed: RankedFeed;

const ids = () => feed.snapshot.entries.map((entry) => entry?.item.video.id ?? "-").join(" ");
const last = () => asked.at(-1)!;

beforeEach(() => {
  clock = new FakeClock();
  asked = [];
  feed = new RankedFeed({
    clock,
    page: (request) =>
      new Promise((resolve, reject) => {
        asked.push({
          request,
          answer: async (page) => (resolve(page), await turn()),
          fail: async (error) => (reject(error), await turn()),
        });
      }),
  });
  feed.start();
});

describe("asking", () => {
  it("holds nothing at first", () => {
    expect(last().request).toEqual({ limit: 6 });
  });

  it("knows from the start of what was asked for before it was there", () => {
    const requests: PageRequest[] = [];
    const later = new RankedFeed({
      clock,
      after_offset: 41,
      page: (request) => (requests.push(request), new Promise(() => undefined)),
    });
    later.start();
    expect(requests).toEqual([{ limit: 6, after_offset: 41 }]);
  });

  it("holds the current and the next slot after events, and replaces all behind them", async () => {
    await last().answer(ranked("p1", ["a", "b", "c", "d"], { offset: 7 }));
    feed.stored(9);
    expect(last().request).toEqual({ limit: 6, after_offset: 9, held: "p1:0,p1:1" });
    await last().answer(ranked("p2", ["x", "y"], { offset: 10 }));
    expect(ids()).toBe("a b x y");
    expect(feed.snapshot.ranked_anew).toBe(1);

    feed.next();
    feed.stored(12);
    expect(last().request).toEqual({ limit: 6, after_offset: 12, held: "p1:1,p2:0" });
  });

  it("names the largest offset it knows, of pages too", async () => {
    await last().answer(ranked("p1", ["a", "b", "c"], { offset: 20 }));
    feed.stored(3);
    expect(last().request.after_offset).toBe(20);
  });

  it("asks one question at a time, and once more when events were stored meanwhile", async () => {
    await last().answer(ranked("p1", ["a", "b", "c"]));
    feed.stored(5);
    feed.stored(6);
    feed.stored(7);
    expect(asked).toHaveLength(2);
    await last().answer(ranked("p2", ["x"]));
    expect(asked).toHaveLength(3);
    expect(last().request).toMatchObject({ after_offset: 7, held: "p1:0,p1:1" });
  });

  it("asks by itself before it runs out", async () => {
    await last().answer(ranked("p1", ["a", "b", "c"]));
    feed.next();
    expect(asked).toHaveLength(2);
  });
});

describe("commitment", () => {
  it("waits for the answer before it goes past what is held", async () => {
    await last().answer(ranked("p1", ["a", "b", "c", "d"]));
    feed.stored(2);
    feed.next();
    expect(feed.snapshot.index).toBe(1);
    feed.next();
    expect(feed.snapshot).toMatchObject({ index: 1, waiting: true });
    await last().answer(ranked("p2", ["x", "y"]));
    expect(feed.snapshot).toMatchObject({ index: 2, waiting: false });
    expect(feed.current?.item.video.id).toBe("x");
  });

  it("never puts a video in twice, whatever the server sends", async () => {
    await last().answer(ranked("p1", ["a", "b", "c"]));
    feed.next();
    await last().answer(ranked("p2", ["a", "b", "c", "d"]));
    expect(ids()).toBe("a b c d");
    expect(new Set(ids().split(" ")).size).toBe(4);
  });

  it("goes back to what was shown, and on from there without losing the place", async () => {
    await last().answer(ranked("p1", ["a", "b", "c"]));
    feed.next();
    await last().answer(ranked("p2", ["x", "y", "z"]));
    feed.previous();
    expect(feed.current?.item.video.id).toBe("a");
    feed.previous();
    expect(feed.snapshot.index).toBe(0);
  });

  it("skips what is not playable", async () => {
    const page = ranked("p1", ["a", "b"]);
    page.items[0]!.video.renditions = [];
    await last().answer(page);
    expect(ids()).toBe("b");
  });
});

describe("turning down", () => {
  beforeEach(async () => {
    await last().answer(ranked("p1", ["a", "b", "c"]));
    feed.turned_down();
    feed.next();
  });

  it("lets the next one go as well, and goes on to what was ranked knowing it", async () => {
    expect(feed.snapshot).toMatchObject({ index: 0, waiting: true });
    feed.stored(4);
    expect(last().request.held).toBe("p1:0");
    await last().answer(ranked("p2", ["x", "y"]));
    expect(ids()).toBe("a x y");
    expect(feed.current?.item.video.id).toBe("x");
  });

  it("does not wait for ever", async () => {
    await clock.pass(3000);
    expect(feed.current?.item.video.id).toBe("b");
  });
});

describe("ends and failures", () => {
  it("says that everything has been seen, and looks again when asked", async () => {
    await last().answer(ranked("p1", ["a"], { exhausted: true }));
    feed.next();
    expect(feed.snapshot).toMatchObject({ index: 1, end: { kind: "exhausted" } });
    feed.next();
    expect(feed.snapshot.index).toBe(1);
    feed.retry();
    await last().answer(ranked("p2", ["n"]));
    expect(feed.current?.item.video.id).toBe("n");
  });

  it("tells an empty network from a feed that was seen to its end", async () => {
    await last().answer(ranked("p1", []));
    expect(feed.snapshot.end).toEqual({ kind: "empty" });
  });

  it("drops what it may no longer show when a question fails, and asks again by itself", async () => {
    await last().answer(ranked("p1", ["a", "b", "c"]));
    feed.stored(3);
    await last().fail(new ApiError("unreachable"));
    expect(ids()).toBe("a b");
    expect(feed.snapshot.end.kind).toBe("failed");
    feed.next();
    feed.next();
    expect(feed.snapshot.index).toBe(2);
    await clock.pass(1000);
    expect(asked).toHaveLength(3);
    await last().answer(ranked("p2", ["x"]));
    expect(feed.current?.item.video.id).toBe("x");
    expect(feed.snapshot.end.kind).toBe("loading");
  });

  it("waits as long as the server says", async () => {
    await last().fail(new ApiError("refused", 429, undefined, 5000));
    await clock.pass(4900);
    expect(asked).toHaveLength(1);
    await clock.pass(200);
    expect(asked).toHaveLength(2);
  });

  it("does not repeat a question that was refused for good", async () => {
    await last().fail(new ApiError("refused", 403));
    await clock.pass(600_000);
    expect(asked).toHaveLength(1);
  });

  it("backs off, and not beyond half a minute", async () => {
    for (let i = 0; i < 12; i += 1) {
      await last().fail(new ApiError("timeout"));
      const before = asked.length;
      await clock.pass(30_000);
      expect(asked.length).toBe(before + 1);
    }
  });

  it("shows a fallback page without slots and says so", async () => {
    const page = ranked("", ["a", "b"], { fallback: "the engine is behind" });
    delete page.page_id;
    await last().answer(page);
    expect(feed.snapshot.fallback).toBe("the engine is behind");
    expect(feed.current).not.toHaveProperty("page_id");
    feed.stored(3);
    expect(last().request).not.toHaveProperty("held");
  });

  it("is silent once closed", async () => {
    let calls = 0;
    feed.subscribe(() => (calls += 1));
    feed.close();
    await last().answer(ranked("p1", ["a"]));
    expect(calls).toBe(1);
  });
});
