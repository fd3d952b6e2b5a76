// For You: committed to the current video and the next, no further. After each batch of stored
// events it asks for the rest anew, naming the two slots it holds; the answer replaces everything
// behind them, and the server frees what was given and not shown.
//
// While a ranking is under way the old rest must not be shown (it may be freed already), so going
// on past the held slots waits for the answer. When it fails, the old rest is dropped, an end card
// says what happened, and the question is put again with bounded backoff.
import { as_api_error } from "../api/problem";
import type { PageRequest } from "../api/client";
import type { FeedPage } from "../api/types";
import { backoff_ms, type Clock } from "./clock";
import { type Entry, Feed } from "./feed";

export const PAGE_LIMIT = 6;
const PATIENCE_MS = 2_500; // for the ranking after something was turned down
const EMPTY_RETRY_MS = 2_000; // nothing to show and not exhausted: something is about to come

export interface RankedFeedPorts {
  page(request: PageRequest): Promise<FeedPage>;
  clock: Clock;
  /** What the first page has to know of already. */
  after_offset?: number;
}

export class RankedFeed extends Feed {
  #ports: RankedFeedPorts;
  #offset: number | undefined; // the largest known, of events and pages
  #asking = false;
  #ask_again = false;
  #committed = -1; // while asking: the last position that was held
  // After something was turned down, going on waits for a ranking that knows of it: what was to come
  // may be more of the same.
  #turned_down: "no" | "unsent" | "stored" = "no";
  #cancel_patience: (() => void) | undefined;
  #exhausted = false;
  #failures = 0;
  #cancel_retry: (() => void) | undefined;
  #epoch = 0; // a page counts as "anew" once there was one before it

  constructor(ports: RankedFeedPorts) {
    super("for_you", ports.clock);
    this.#ports = ports;
    this.#offset = ports.after_offset;
  }

  start(): void {
    void this.#ask();
  }

  retry(): void {
    this.#failures = 0;
    void this.#ask();
  }

  stored(offset: number): void {
    this.#learn_offset(offset);
    if (this.#turned_down === "unsent") this.#turned_down = "stored";
    void this.#ask();
  }

  turned_down(): void {
    this.#turned_down = "unsent";
    this.#cancel_patience?.();
    this.#cancel_patience = this.clock.after(PATIENCE_MS, () => {
      this.#turned_down = "no";
      this.#go_on();
    });
  }

  override close(): void {
    this.#cancel_retry?.();
    this.#cancel_patience?.();
    super.close();
  }

  protected override may_advance(to: number): boolean {
    if (this.#turned_down !== "no") return false;
    // Only held entries are ours while a ranking is under way.
    return !this.#asking || to <= this.#committed;
  }

  protected override moved(): void {
    if (this.entries.length - this.index <= 2 && !this.#exhausted && this.end.kind !== "failed") {
      void this.#ask();
    }
  }

  #learn_offset(offset: number | undefined): void {
    if (offset !== undefined) this.#offset = Math.max(this.#offset ?? 0, offset);
  }

  async #ask(): Promise<void> {
    if (this.closed) return;
    if (this.#asking) {
      this.#ask_again = true;
      return;
    }
    this.#cancel_retry?.();
    this.#asking = true;
    this.#ask_again = false;
    const drop_next = this.#turned_down === "stored";
    const last_held = drop_next ? this.index : this.index + 1;
    this.#committed = Math.min(last_held, this.entries.length - 1);
    const held = this.entries.slice(this.index, this.#committed + 1).flatMap(slot_name).join(",");
    try {
      const page = await this.#ports.page({
        limit: PAGE_LIMIT,
        ...(this.#offset === undefined ? {} : { after_offset: this.#offset }),
        ...(held === "" ? {} : { held }),
      });
      this.#asking = false;
      if (drop_next) this.#turned_down = "no";
      if (!this.closed) this.#take(page);
    } catch (thrown) {
      this.#asking = false;
      if (drop_next) this.#turned_down = "no";
      if (!this.closed) this.#lose(thrown);
    }
  }

  #take(page: FeedPage): void {
    this.#failures = 0;
    this.#learn_offset(page.offset);
    const kept = this.entries.slice(0, this.#committed + 1);
    const known = new Set(this.shown);
    for (const entry of kept) if (entry) known.add(entry.item.video.id);
    const fresh = page.items
      .filter((item) => !known.has(item.video.id) && item.video.renditions.length > 0)
      .map((item) => entry_of(item, page.page_id));
    this.entries = [...kept, ...fresh];
    this.#exhausted = page.exhausted;
    this.fallback = page.fallback;
    this.learned = page.learned;
    const first = this.#epoch++ === 0;
    if (page.page_id !== undefined && fresh.length > 0 && !first) this.ranked_anew += 1;
    if (page.exhausted) this.end = { kind: this.entries.length === 0 ? "empty" : "exhausted" };
    else this.end = { kind: "loading" };
    if (this.#ask_again) void this.#ask();
    else if (fresh.length === 0 && !page.exhausted) this.#ask_in(EMPTY_RETRY_MS);
    this.#go_on();
  }

  #lose(thrown: unknown): void {
    const error = as_api_error(thrown);
    this.entries = this.entries.slice(0, this.#committed + 1);
    this.end = { kind: "failed", error };
    this.#failures += 1;
    if (error.passing) {
      this.#ask_in(error.retry_after_ms ?? backoff_ms(this.#failures, this.clock));
    }
    this.#go_on();
  }

  #ask_in(delay_ms: number): void {
    this.#cancel_retry?.();
    this.#cancel_retry = this.clock.after(delay_ms, () => void this.#ask());
  }

  /** Tells the listeners, and takes the step that somebody was waiting for. */
  #go_on(): void {
    if (this.waiting && this.may_advance(this.index + 1)) this.next();
    else this.changed();
  }
}

function slot_name(entry: Entry | undefined): string[] {
  if (entry?.page_id === undefined || entry.slot === undefined) return [];
  return [`${entry.page_id}:${entry.slot}`];
}

export function entry_of(item: Entry["item"], page_id: string | undefined): Entry {
  if (page_id === undefined) return { key: item.video.id, item };
  return { key: `${item.video.id}@${page_id}`, item, page_id, slot: item.slot };
}
