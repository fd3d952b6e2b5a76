// A media element for tests: it does what it is told and remembers it. Not part of the build.
import type { Media, MediaEvent } from "./media";

export class FakeMedia implements Media {
  url: string | undefined;
  preload: "metadata" | "auto" | undefined;
  playing = false;
  muted = false;
  position_ms = 0;
  duration_ms = 0;
  /** What play() answers while sound is on, and while it is off. */
  with_sound: "playing" | "refused" = "playing";
  silent: "playing" | "refused" = "playing";
  #listener: (event: MediaEvent) => void = () => undefined;

  listen(listener: (event: MediaEvent) => void): void {
    this.#listener = listener;
  }
  load(url: string, preload: "metadata" | "auto"): void {
    this.url = url;
    this.preload = preload;
    this.position_ms = 0;
    this.playing = false;
  }
  fetch_all(): void {
    this.preload = "auto";
  }
  unload(): void {
    this.url = undefined;
    this.playing = false;
  }
  play(): Promise<"playing" | "refused" | "superseded"> {
    const result = this.muted ? this.silent : this.with_sound;
    this.playing = result === "playing";
    return Promise.resolve(result);
  }
  pause(): void {
    this.playing = false;
  }
  seek(position_ms: number): void {
    this.position_ms = position_ms;
  }
  set_muted(muted: boolean): void {
    this.muted = muted;
  }

  emit(event: MediaEvent): void {
    this.#listener(event);
  }
  /** Plays on to a position in steps of a quarter of a second, as browsers report it. */
  run_to(position_ms: number): void {
    while (this.position_ms < position_ms) {
      this.position_ms = Math.min(position_ms, this.position_ms + 250);
      this.emit("position");
    }
  }
}
