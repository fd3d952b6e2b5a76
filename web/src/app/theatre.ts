// Joins a feed and the player: what the feed has at its place goes on screen, what happens on screen
// becomes events. Framework-free.
import type { Event, EventType, Scope, Video } from "../api/types";
import type { Entry, Feed, FeedSnapshot } from "../feed/feed";
import { type Clip, Player } from "../player/player";
import type { Media } from "../player/media";
import { choose_rendition, type Viewing } from "../player/rendition";
import type { Outcome } from "../player/watch_meter";

export interface TheatrePorts {
  feed: Feed;
  media: readonly [Media, Media, Media];
  viewing(): Viewing;
  record(event: Event): void;
  new_event_id(): string;
  wall_clock(): string; // RFC 3339
  sound_wanted: boolean;
  remember_sound(wanted: boolean): void;
}

type Details = Pick<Event, "watch_ms" | "loops" | "skipped" | "scope">;

export class Theatre {
  readonly player: Player;
  readonly feed: Feed;
  #ports: TheatrePorts;
  #entries = new Map<string, Entry>(); // those within reach of the player, by key
  #clips = new Map<string, Clip>(); // chosen once, so that a change of network does not reload
  #unsubscribe: () => void;

  constructor(ports: TheatrePorts) {
    this.#ports = ports;
    this.feed = ports.feed;
    this.player = new Player({
      media: ports.media,
      shown: (key) => this.#record(this.#entries.get(key), "impression"),
      watched: (key, outcome: Outcome) => this.#record(this.#entries.get(key), "watch", outcome),
      sound_wanted: ports.sound_wanted,
      remember_sound: ports.remember_sound,
    });
    this.#unsubscribe = this.feed.subscribe((snapshot) => this.#show(snapshot));
  }

  close(): void {
    this.#unsubscribe();
    this.player.close();
    this.feed.close();
  }

  toggle_like(): void {
    const video = this.feed.current?.item.video;
    if (video) this.like(!video.liked);
  }

  like(liked: boolean): void {
    const entry = this.feed.current;
    if (!entry || entry.item.video.liked === liked) return;
    const { id, likes } = entry.item.video;
    this.#record(entry, liked ? "like" : "unlike");
    this.feed.update_video(id, { liked, likes: Math.max(0, likes + (liked ? 1 : -1)) });
  }

  shared(): void {
    this.#record(this.feed.current, "share");
  }

  /** Less of this; goes on to a next video that was chosen knowing it. */
  not_interested(scope: Scope): void {
    const entry = this.feed.current;
    if (!entry) return;
    this.feed.turned_down();
    this.#record(entry, "not_interested", { scope });
    this.feed.next();
  }

  #show(snapshot: FeedSnapshot): void {
    const { entries, index } = snapshot;
    const near = [entries[index - 1], entries[index], entries[index + 1]] as const;
    // The one that is being left still has an outcome to report: its entry stays until after that.
    const before = this.#entries;
    this.#entries = new Map(before);
    for (const entry of near) if (entry) this.#entries.set(entry.key, entry);
    this.player.set_window(index, [
      this.#clip(near[0]),
      this.#clip(near[1]),
      this.#clip(near[2]),
    ]);
    this.#entries = new Map(near.flatMap((entry) => (entry ? [[entry.key, entry] as const] : [])));
    for (const key of this.#clips.keys()) if (!this.#entries.has(key)) this.#clips.delete(key);
  }

  #clip(entry: Entry | undefined): Clip | undefined {
    if (!entry) return undefined;
    const known = this.#clips.get(entry.key);
    if (known) return known;
    const rendition = choose_rendition(entry.item.video.renditions, this.#ports.viewing());
    if (!rendition) return undefined;
    const clip = clip_of(entry.key, entry.item.video, rendition.url);
    this.#clips.set(entry.key, clip);
    return clip;
  }

  #record(entry: Entry | undefined, type: EventType, details: Details = {}): void {
    if (!entry) return;
    this.#ports.record({
      id: this.#ports.new_event_id(),
      type,
      video_id: entry.item.video.id,
      ...(entry.page_id === undefined ? {} : { page_id: entry.page_id }),
      ...(entry.slot === undefined ? {} : { slot: entry.slot }),
      at: this.#ports.wall_clock(),
      ...details,
    });
  }
}

function clip_of(key: string, video: Video, url: string): Clip {
  return { key, url, duration_ms: video.duration_ms ?? 0 };
}
