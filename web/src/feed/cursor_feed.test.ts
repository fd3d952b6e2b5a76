import { expect, it } from "vitest";
import type { PageRequest } from "../api/client";
import { ApiError } from "../api/problem";
import type { FeedPage } from "../api/types";
import { CursorFeed } from "./cursor_feed";
import { FakeClock, item, turn } from "./testing";

function page(ids: string[], next_cursor?: string): FeedPage {
  return {
    feed: "latest",
    items: ids.map((id) => item(id)),
    learned: [],
    exhausted: next_cursor === undefined,
    ...(next_cursor === undefined ? {} : { next_cursor }),
  };
}

function make(pages: (FeedPage | ApiError)[]) {
  const clock = new FakeClock();
  const requests: PageRequest[] = [];
  const feed = new CursorFeed("latest", {
    clock,
    page(request) {
      requests.push(request);
      const answer = pages.shift();
      return answer && !(answer instanceof ApiError) ? Promise.resolve(answer) : Promise.reject(answer);
    },
  });
  feed.start();
  return { clock, requests, feed };
}

it("follows the cursor as one goes on, and stops at the end", async () => {
  const { feed, requests } = make([page(["a", "b", "c", "d"], "2"), page(["e"])]);
  await turn();
  expect(requests).toEqual([{ limit: 6 }]);
  feed.next();
  await turn();
  expect(requests).toEqual([{ limit: 6 }, { limit: 6, cursor: "2" }]);
  for (let i = 0; i < 9; i += 1) feed.next();
  expect(feed.snapshot).toMatchObject({ index: 5, end: { kind: "exhausted" } });
  expect(requests).toHaveLength(2);
});

it("takes in what is new when asked again at the end, and nothing twice", async () => {
  const { feed } = make([page(["a"]), page(["n", "a"])]);
  await turn();
  feed.next();
  feed.retry();
  await turn();
  expect(feed.snapshot.entries.map((entry) => entry?.item.video.id)).toEqual(["a", "n"]);
  expect(feed.current?.item.video.id).toBe("n");
});

it("asks again by itself after a failure", async () => {
  const { feed, clock } = make([new ApiError("unreachable"), page(["a"])]);
  await turn();
  expect(feed.snapshot.end.kind).toBe("failed");
  await clock.pass(1000);
  expect(feed.current?.item.video.id).toBe("a");
});

it("carries no slots", async () => {
  const { feed } = make([page(["a"])]);
  await turn();
  expect(feed.current).toEqual({ key: "a", item: item("a") });
});
