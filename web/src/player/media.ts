// What the player needs of a <video>, and that over a real one. The player is tested with another.
import { Feeder } from "./feeder";

export type MediaEvent = "painted" | "playing" | "waiting" | "position" | "ended" | "error";

export interface Media {
  load(url: string, preload: "metadata" | "auto"): void;
  /** Raises what may be fetched ahead of a clip that is loaded. */
  fetch_all(): void;
  unload(): void;
  /** "refused": the browser wants a gesture first; "superseded": a later call took over. */
  play(): Promise<"playing" | "refused" | "superseded">;
  pause(): void;
  seek(position_ms: number): void;
  set_muted(muted: boolean): void;
  readonly position_ms: number;
  /** 0 while unknown. */
  readonly duration_ms: number;
  listen(listener: (event: MediaEvent) => void): void;
}

export class VideoMedia implements Media {
  readonly element: HTMLVideoElement;
  #listener: (event: MediaEvent) => void = () => undefined;
  #loads = 0;
  #feeder: Feeder | undefined;

  constructor(document: Document) {
    const video = document.createElement("video");
    video.playsInline = true;
    video.muted = true;
    video.tabIndex = -1;
    video.disableRemotePlayback = true;
    video.setAttribute("aria-hidden", "true"); // the slide around it speaks for it
    video.addEventListener("playing", () => this.#listener("playing"));
    video.addEventListener("waiting", () => this.#listener("waiting"));
    video.addEventListener("timeupdate", () => this.#listener("position"));
    video.addEventListener("ended", () => this.#listener("ended"));
    video.addEventListener("error", () => {
      if (video.hasAttribute("src")) this.#listener("error");
    });
    this.element = video;
  }

  listen(listener: (event: MediaEvent) => void): void {
    this.#listener = listener;
  }

  load(url: string, preload: "metadata" | "auto"): void {
    this.#feeder?.close();
    const whole = preload === "auto";
    this.#feeder = Feeder.possible ? new Feeder(url, this.element, whole, () => this.#load_plainly(url)) : undefined;
    this.#set_source(this.#feeder?.url ?? url, preload);
  }

  /** By the browser itself, which then fetches as far ahead as it likes. */
  #load_plainly(url: string): void {
    const whole = this.#feeder?.whole ?? true;
    const plays = !this.element.paused;
    this.#feeder?.close();
    this.#feeder = undefined;
    this.#set_source(url, whole ? "auto" : "metadata");
    if (plays) void this.play();
  }

  #set_source(url: string, preload: "metadata" | "auto"): void {
    const load = ++this.#loads;
    const video = this.element;
    video.preload = preload;
    video.src = url;
    video.load();
    video.requestVideoFrameCallback(() => {
      if (load === this.#loads) this.#listener("painted");
    });
  }

  fetch_all(): void {
    if (this.#feeder) {
      this.#feeder.whole = true;
      this.#feeder.pump();
    }
    if (this.element.preload !== "auto") this.element.preload = "auto";
  }

  unload(): void {
    this.#loads += 1;
    this.#feeder?.close();
    this.#feeder = undefined;
    if (!this.element.hasAttribute("src")) return;
    this.element.removeAttribute("src");
    this.element.load(); // lets go of the connection and the decoder
  }

  async play(): Promise<"playing" | "refused" | "superseded"> {
    try {
      await this.element.play();
      return "playing";
    } catch (error) {
      return error instanceof DOMException && error.name === "NotAllowedError"
        ? "refused"
        : "superseded";
    }
  }

  pause(): void {
    this.element.pause();
  }

  seek(position_ms: number): void {
    this.element.currentTime = position_ms / 1000;
  }

  set_muted(muted: boolean): void {
    this.element.muted = muted;
  }

  get position_ms(): number {
    return this.element.currentTime * 1000;
  }

  get duration_ms(): number {
    const duration = this.element.duration;
    return Number.isFinite(duration) ? duration * 1000 : 0;
  }
}
