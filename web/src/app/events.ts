// The one way of events to the server, for the whole page.
import { api } from "../api/client";
import type { Event } from "../api/types";
import { browser_clock } from "../feed/clock";
import type { Feed } from "../feed/feed";
import { Outbox } from "../feed/outbox";
import { viewer } from "./viewer.svelte";

let listening: Feed | undefined;

export const outbox = new Outbox({
  post: (events, last_chance) =>
    last_chance
      ? api.post_events(events, true)
      : viewer.with_session(() => api.post_events(events)),
  beacon(events) {
    const body = new Blob([JSON.stringify({ events })], { type: "application/json" });
    return navigator.sendBeacon("/api/v1/events", body);
  },
  clock: browser_clock,
  posted: (receipt) => listening?.stored(receipt.offset),
  failed: () => undefined, // tried again; the feed's own requests say what is wrong
});

export function record(event: Event): void {
  outbox.add(event);
}

/** The feed that is on screen hears of what has been stored. */
export function tell_stored(feed: Feed | undefined): void {
  listening = feed;
}

addEventListener("online", () => outbox.retry());
