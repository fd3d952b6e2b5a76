// One video by its address, in the same player as the feeds.
import { as_api_error } from "../api/problem";
import type { Video } from "../api/types";
import type { Clock } from "./clock";
import { Feed } from "./feed";
import { entry_of } from "./ranked_feed";

export interface SingleFeedPorts {
  video(): Promise<Video>;
  clock: Clock;
}

const POLL_MS = 1_000; // while it is being processed

export class SingleFeed extends Feed {
  #ports: SingleFeedPorts;
  #cancel: (() => void) | undefined;
  /** The video as last heard of, whatever its state. */
  video: Video | undefined;

  constructor(ports: SingleFeedPorts) {
    super("single", ports.clock);
    this.#ports = ports;
  }

  start(): void {
    void this.#ask();
  }

  retry(): void {
    this.end = { kind: "loading" };
    this.changed();
    void this.#ask();
  }

  stored(): void {}
  turned_down(): void {}

  override close(): void {
    this.#cancel?.();
    super.close();
  }

  async #ask(): Promise<void> {
    try {
      const video = await this.#ports.video();
      if (this.closed) return;
      this.video = video;
      if (video.state === "live") {
        const item = { slot: 0, video, source: "latest", reasons: [], terms: [], score: 0 } as const;
        this.entries = [entry_of({ ...item, reasons: [], terms: [] }, undefined)];
        this.end = { kind: "exhausted" };
      } else if (video.state === "processing") {
        this.#cancel = this.clock.after(POLL_MS, () => void this.#ask());
      }
    } catch (thrown) {
      this.end = { kind: "failed", error: as_api_error(thrown) };
    }
    this.changed();
  }
}
