// A viewer as the web client is one: committed to the current video and the next, telling what it
// watched, asking for the rest anew after each event.
import { Client, eventId } from "./client.ts";

export interface Slot { page: string; slot: number; item: any }

export const topicOf = (item: any): string => item.video.hashtags[0];

export class Viewer {
  readonly client: Client;
  readonly seen: any[] = [];
  queue: Slot[] = []; // queue[0] is on the screen
  offset: number | undefined;
  lastPage: any;
  exhausted = false;

  constructor(client: Client) { this.client = client; }

  static async anonymous(url: string): Promise<Viewer> {
    return new Viewer(await new Client(url).anonymous());
  }

  // Keeps the first `keep` of the queue and asks for the rest.
  async ask(keep: number, limit = 6): Promise<any> {
    const held = this.queue.slice(0, keep);
    const query = new URLSearchParams({ limit: String(limit) });
    if (this.offset !== undefined) query.set("after_offset", String(this.offset));
    if (held.length) query.set("held", held.map((h) => `${h.page}:${h.slot}`).join(","));
    const page = await this.client.get(`/api/v1/feeds/for_you?${query}`);
    if (page.fallback) throw new Error("the feed fell back: " + page.fallback);
    this.offset = Math.max(this.offset ?? 0, page.offset);
    this.queue = [...held, ...page.items.map((item: any) => ({ page: page.page_id, slot: item.slot, item }))];
    this.exhausted = page.exhausted;
    this.lastPage = page;
    return page;
  }

  event(slot: Slot, type: string, more: object = {}) {
    return { id: eventId(), type, video_id: slot.item.video.id, page_id: slot.page, slot: slot.slot, ...more };
  }

  // Watched to the end, or swiped away within a second.
  watched(slot: Slot, whole: boolean): object[] {
    return [this.event(slot, "impression"), this.event(slot, "watch", whole
      ? { watch_ms: slot.item.video.duration_ms, loops: 1, skipped: false }
      : { watch_ms: 700, loops: 0, skipped: true })];
  }

  async post(events: object[]): Promise<any> {
    const receipt = await this.client.post("/api/v1/events", { events });
    this.offset = Math.max(this.offset ?? 0, receipt.offset);
    return receipt;
  }

  // Watches what is on the screen, to the end or for under a second, and swipes on. False when
  // there is nothing left.
  async swipe(finishes: (item: any) => boolean): Promise<boolean> {
    if (this.queue.length === 0) await this.ask(0);
    const current = this.queue[0];
    if (!current) return false;
    this.seen.push(current.item);
    const whole = finishes(current.item);
    await this.post(this.watched(current, whole));
    this.queue.shift();
    await this.ask(1);
    return true;
  }
}
