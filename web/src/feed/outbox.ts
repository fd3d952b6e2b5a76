// Events on their way to the server: collected for a moment, sent in order, sent again with bounded
// backoff until they are acknowledged. An event keeps its id, so that a batch whose answer was lost
// may be sent twice.
//
// Limits: EVENTS_MAX waiting (the oldest go first), BATCH_MAX a request, RETRY_MAX_MS between tries.
import { ApiError, as_api_error } from "../api/problem";
import type { Event, EventReceipt } from "../api/types";
import { type Clock, backoff_ms } from "./clock";

export const BATCH_MAX = 100;
export const EVENTS_MAX = 500;
const COLLECT_MS = 25; // a swipe makes two events: one request for both

export interface OutboxPorts {
  post(events: Event[], last_chance: boolean): Promise<EventReceipt>;
  /** For when the page goes away: queues the request with the browser; false if it would not. */
  beacon(events: Event[]): boolean;
  clock: Clock;
  /** After each acknowledged batch. */
  posted(receipt: EventReceipt, events: Event[]): void;
  /** A batch did not get through; `retry` says whether it will be tried again. */
  failed(error: ApiError, retry: boolean): void;
}

export class Outbox {
  #ports: OutboxPorts;
  #waiting: Event[] = [];
  #sending = false;
  #failures = 0;
  #cancel_timer: (() => void) | undefined;

  constructor(ports: OutboxPorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#waiting.length;
  }

  add(...events: Event[]): void {
    this.#waiting.push(...events);
    if (this.#waiting.length > EVENTS_MAX) this.#waiting.splice(0, this.#waiting.length - EVENTS_MAX);
    if (!this.#sending && this.#failures === 0) this.#send_in(COLLECT_MS);
  }

  /** Tries now what waits for a retry: the network is back, or somebody pressed the button. */
  retry(): void {
    if (!this.#sending && this.#waiting.length > 0) this.#send_in(0);
  }

  /** The page goes away: hands everything to the browser. What is under way is sent once more. */
  last_chance(): void {
    this.#cancel_timer?.();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH_MAX);
      if (!this.#ports.beacon(batch)) {
        this.#ports.post(batch, true).catch(() => undefined); // nobody is left to be told
      }
      this.#waiting.splice(0, batch.length);
    }
  }

  #send_in(delay_ms: number): void {
    this.#cancel_timer?.();
    this.#cancel_timer = this.#ports.clock.after(delay_ms, () => void this.#send());
  }

  async #send(): Promise<void> {
    if (this.#sending || this.#waiting.length === 0) return;
    this.#sending = true;
    const batch = this.#waiting.slice(0, BATCH_MAX);
    let receipt: EventReceipt | undefined;
    try {
      receipt = await this.#ports.post(batch, false);
      this.#failures = 0;
      this.#remove(batch);
    } catch (thrown) {
      const error = as_api_error(thrown);
      if (error.passing) {
        this.#failures += 1;
        this.#ports.failed(error, true);
        this.#sending = false;
        this.#send_in(error.retry_after_ms ?? backoff_ms(this.#failures, this.#ports.clock));
        return;
      }
      // The server will never take this batch: keeping it would hold up all that comes after.
      this.#failures = 0;
      this.#remove(batch);
      this.#ports.failed(error, false);
    }
    this.#sending = false;
    if (this.#waiting.length > 0) this.#send_in(0);
    if (receipt) this.#ports.posted(receipt, batch);
  }

  #remove(batch: Event[]): void {
    const gone = new Set(batch.map((event) => event.id));
    this.#waiting = this.#waiting.filter((event) => !gone.has(event.id));
  }
}
