// A clock that tests turn, and feed items by number. Not part of the build.
import type { FeedItem, FeedPage } from "../api/types";
import type { Clock } from "./clock";

export class FakeClock implements Clock {
  #now = 0;
  #timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }
  after(delay_ms: number, run: () => void): () => void {
    const timer = { at: this.#now + delay_ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
  random(): number {
    return 0.5;
  }

  get waiting(): number {
    return this.#timers.length;
  }

  /** Lets time pass; what is due runs in order, and promises get their turn. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    await turn();
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#now = due.at;
      due.run();
      await turn();
    }
    this.#now = until;
  }
}

export async function turn(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}

export function item(id: string, slot = 0): FeedItem {
  return {
    slot,
    video: {
      id,
      state: "live",
      author: "ada",
      caption: "",
      hashtags: ["waves"],
      created_at: "2026-01-01T00:00:00Z",
      renditions: [{ url: `/media/${id}`, codec: "h264", width: 720, height: 1280, bandwidth_bps: 1, size_bytes: 1 }],
      captions: [],
      likes: 0,
      views: 0,
      liked: false,
    },
    source: "personal",
    reasons: [],
    terms: [],
    score: 0,
  };
}

export function ranked(page_id: string, ids: string[], more: Partial<FeedPage> = {}): FeedPage {
  return {
    feed: "for_you",
    page_id,
    offset: 1,
    items: ids.map((id, slot) => item(id, slot)),
    learned: [],
    exhausted: ids.length === 0,
    ...more,
  };
}
