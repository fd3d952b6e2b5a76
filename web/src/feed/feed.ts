// A feed as a list with a place in it. The list holds what was shown (behind), what is on screen,
// and what may come; the last position may be an end card instead of a video.
//
// Framework-free; one owner; not re-entrant from its own listeners. Subclasses fetch.
import type { ApiError } from "../api/problem";
import type { FeedItem, FeedKind, Learned } from "../api/types";
import type { Clock } from "./clock";

/** One position of a feed. `page_id` and `slot` are set when a ranked page gave it. */
export interface Entry {
  key: string;
  item: FeedItem;
  page_id?: string;
  slot?: number;
}

/** What stands where the list ends. */
export type End =
  | { kind: "loading" }
  | { kind: "exhausted" } // everything has been seen
  | { kind: "empty" } // there is nothing yet
  | { kind: "failed"; error: ApiError };

export interface FeedSnapshot {
  kind: FeedKind | "single";
  /** By absolute position; positions left far behind are undefined. */
  entries: readonly (Entry | undefined)[];
  index: number;
  end: End;
  /** The user wants to go on, and what comes next is still being ranked. */
  waiting: boolean;
  fallback: string | undefined;
  /** What the last ranking said that it had learned; strongest first. */
  learned: readonly Learned[];
  /** Counts the times that what comes next was ranked anew. */
  ranked_anew: number;
}

const HISTORY_MAX = 100; // entries that one can go back to

export abstract class Feed {
  #listeners = new Set<(snapshot: FeedSnapshot) => void>();
  #snapshot: FeedSnapshot | undefined;
  protected entries: (Entry | undefined)[] = [];
  protected index = 0;
  protected end: End = { kind: "loading" };
  protected waiting = false;
  protected fallback: string | undefined;
  protected learned: readonly Learned[] = [];
  protected ranked_anew = 0;
  /** Videos that this feed has had on screen: they are never put in again. */
  protected shown = new Set<string>();
  protected closed = false;

  constructor(
    readonly kind: FeedSnapshot["kind"],
    protected readonly clock: Clock,
  ) {}

  abstract start(): void;
  /** Asks again after a failure, or because there may be something new. */
  abstract retry(): void;
  /** Events about this feed's entries are stored up to `offset`. */
  abstract stored(offset: number): void;
  /** The viewer turned something down: what comes next may no longer be what was to come. */
  abstract turned_down(): void;

  close(): void {
    this.closed = true;
    this.#listeners.clear();
  }

  get snapshot(): FeedSnapshot {
    this.#snapshot ??= {
      kind: this.kind,
      entries: this.entries.slice(),
      index: this.index,
      end: this.end,
      waiting: this.waiting,
      fallback: this.fallback,
      learned: this.learned,
      ranked_anew: this.ranked_anew,
    };
    return this.#snapshot;
  }

  subscribe(listener: (snapshot: FeedSnapshot) => void): () => void {
    this.#listeners.add(listener);
    listener(this.snapshot);
    return () => this.#listeners.delete(listener);
  }

  get current(): Entry | undefined {
    return this.entries[this.index];
  }

  next(): void {
    if (this.index >= this.entries.length) return; // on the end card already
    if (this.may_advance(this.index + 1)) {
      this.waiting = false;
      this.#go(this.index + 1);
    } else {
      this.waiting = true;
      this.changed();
    }
  }

  previous(): void {
    this.waiting = false;
    const at = this.index - 1;
    if (at >= 0 && this.entries[at]) this.#go(at);
    else this.changed();
  }

  /** Changes what is known of a video wherever it stands (liked, unliked). */
  update_video(id: string, change: Partial<FeedItem["video"]>): void {
    this.entries = this.entries.map((entry) =>
      entry?.item.video.id === id
        ? { ...entry, item: { ...entry.item, video: { ...entry.item.video, ...change } } }
        : entry,
    );
    this.changed();
  }

  protected may_advance(_to: number): boolean {
    return true;
  }

  protected moved(): void {}

  protected changed(): void {
    if (this.closed) return;
    this.#snapshot = undefined;
    this.#note_shown();
    for (const listener of this.#listeners) listener(this.snapshot);
  }

  #go(to: number): void {
    this.index = to;
    const far = to - HISTORY_MAX;
    if (far >= 0) this.entries[far] = undefined;
    this.changed();
    this.moved();
  }

  #note_shown(): void {
    const current = this.current;
    if (current) this.shown.add(current.item.video.id);
  }
}
