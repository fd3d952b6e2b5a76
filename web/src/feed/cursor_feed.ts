// Latest and Following: pages by cursor, in the order of time, no ranking and no slots.
import { as_api_error } from "../api/problem";
import type { PageRequest } from "../api/client";
import type { FeedPage } from "../api/types";
import { backoff_ms, type Clock } from "./clock";
import { Feed } from "./feed";
import { entry_of } from "./ranked_feed";

const PAGE_LIMIT = 6;
const AHEAD_MIN = 3; // fetches when fewer are left

export interface CursorFeedPorts {
  page(request: PageRequest): Promise<FeedPage>;
  clock: Clock;
}

export class CursorFeed extends Feed {
  #ports: CursorFeedPorts;
  #cursor: string | undefined;
  #complete = false; // the last page has been read
  #asking = false;
  #failures = 0;
  #cancel_retry: (() => void) | undefined;

  constructor(kind: "latest" | "following", ports: CursorFeedPorts) {
    super(kind, ports.clock);
    this.#ports = ports;
  }

  start(): void {
    void this.#ask();
  }

  /** When the end was reached: looks at the first page for what is new since. */
  retry(): void {
    this.#failures = 0;
    if (this.#complete) {
      this.#complete = false;
      this.#cursor = undefined;
    }
    void this.#ask();
  }

  stored(): void {}
  turned_down(): void {}

  override close(): void {
    this.#cancel_retry?.();
    super.close();
  }

  protected override moved(): void {
    if (this.entries.length - this.index <= AHEAD_MIN && !this.#complete) void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.closed || this.#asking) return;
    this.#cancel_retry?.();
    this.#asking = true;
    try {
      const page = await this.#ports.page({
        limit: PAGE_LIMIT,
        ...(this.#cursor === undefined ? {} : { cursor: this.#cursor }),
      });
      this.#asking = false;
      if (!this.closed) this.#take(page);
    } catch (thrown) {
      this.#asking = false;
      if (!this.closed) this.#lose(thrown);
    }
  }

  #take(page: FeedPage): void {
    this.#failures = 0;
    const known = new Set(this.shown);
    for (const entry of this.entries) if (entry) known.add(entry.item.video.id);
    const fresh = page.items
      .filter((item) => !known.has(item.video.id) && item.video.renditions.length > 0)
      .map((item) => entry_of(item, undefined));
    this.entries = [...this.entries, ...fresh];
    this.#cursor = page.next_cursor;
    this.#complete = page.next_cursor === undefined;
    if (!this.#complete) this.end = { kind: "loading" };
    else this.end = { kind: this.entries.length === 0 ? "empty" : "exhausted" };
    this.changed();
    this.moved();
  }

  #lose(thrown: unknown): void {
    const error = as_api_error(thrown);
    this.end = { kind: "failed", error };
    this.#failures += 1;
    if (error.passing) {
      const delay_ms = error.retry_after_ms ?? backoff_ms(this.#failures, this.clock);
      this.#cancel_retry = this.clock.after(delay_ms, () => void this.#ask());
    }
    this.changed();
  }
}
