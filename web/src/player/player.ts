// The player: three media elements that take turns as previous, current and next, and one state for
// what is on screen. It knows positions and clips, no feed, no screen, no framework.
//
// The element of position i is i mod 3, so that going on by one recycles exactly one element, the
// one farthest away. The next clip is loaded ahead (its index and first frame, not all of it).
//
//           set_window            playing                tap
//   empty ------------> loading ----------> playing <----------> paused
//                          |                   |  ended: from the start, again
//                          +----> failed <-----+
import { type Outcome, WatchMeter } from "./watch_meter";
import type { Media, MediaEvent } from "./media";

export interface Clip {
  key: string;
  url: string;
  duration_ms: number;
}

export type Phase = "empty" | "loading" | "playing" | "paused" | "failed";

export interface PlayerSnapshot {
  index: number;
  phase: Phase;
  /** Playing, and the network does not keep up. */
  stalled: boolean;
  /** By element: its first frame is on screen, so that the poster may go. */
  painted: readonly [boolean, boolean, boolean];
  /** What is heard: false also while the browser waits for a gesture before it lets sound out. */
  sound: boolean;
}

export interface PlayerPorts {
  media: readonly [Media, Media, Media];
  /** A clip has come on screen. */
  shown(key: string): void;
  /** How the watching of a clip came out: once a clip, at its first whole play or on leaving. */
  watched(key: string, outcome: Outcome): void;
  /** The wish for sound, remembered by the owner. */
  sound_wanted: boolean;
  remember_sound(wanted: boolean): void;
}

type Window = readonly [Clip | undefined, Clip | undefined, Clip | undefined];

export function element_of(position: number): 0 | 1 | 2 {
  return (((position % 3) + 3) % 3) as 0 | 1 | 2;
}

export class Player {
  #ports: PlayerPorts;
  #listeners = new Set<(snapshot: PlayerSnapshot) => void>();
  #loaded: (Clip | undefined)[] = [undefined, undefined, undefined];
  #painted: [boolean, boolean, boolean] = [false, false, false];
  #index = 0;
  #phase: Phase = "empty";
  #stalled = false;
  #hidden = false; // the page is not visible, or something covers the player
  #sound_wanted: boolean;
  #sound_blocked = false;
  #meter: WatchMeter | undefined;
  #reported = false; // the outcome of the current clip
  #announced = false; // the current clip as shown

  constructor(ports: PlayerPorts) {
    this.#ports = ports;
    this.#sound_wanted = ports.sound_wanted;
    ports.media.forEach((media, element) => {
      media.set_muted(true);
      media.listen((event) => this.#on_media(element as 0 | 1 | 2, event));
    });
  }

  get snapshot(): PlayerSnapshot {
    return {
      index: this.#index,
      phase: this.#phase,
      stalled: this.#stalled,
      painted: [...this.#painted],
      sound: this.#sound_wanted && !this.#sound_blocked,
    };
  }

  subscribe(listener: (snapshot: PlayerSnapshot) => void): () => void {
    this.#listeners.add(listener);
    listener(this.snapshot);
    return () => this.#listeners.delete(listener);
  }

  /** 0..1 of the current clip. */
  get fraction(): number {
    const duration_ms = this.duration_ms;
    if (duration_ms === 0 || this.#phase === "empty") return 0;
    return Math.min(1, this.#current.position_ms / duration_ms);
  }

  get position_ms(): number {
    return this.#phase === "empty" ? 0 : this.#current.position_ms;
  }

  get duration_ms(): number {
    return this.#current.duration_ms || this.#clip?.duration_ms || 0;
  }

  /** Puts position `index` on screen, with the clips before, at and after it. */
  set_window(index: number, window: Window): void {
    const before = this.#clip;
    const clip = window[1];
    const moved = index !== this.#index || before?.key !== clip?.key;
    if (moved) this.#leave();
    this.#index = index;
    for (const step of [-1, 0, 1] as const) {
      this.#place(element_of(index + step), window[step + 1], step === 0);
    }
    if (moved) this.#enter(clip);
    this.#changed();
  }

  /** Pauses or goes on; after a failure, tries again. */
  toggle(): void {
    if (this.#phase === "playing" || this.#phase === "loading") {
      this.#phase = "paused";
      this.#current.pause();
    } else if (this.#phase === "paused") {
      this.#start();
    } else if (this.#phase === "failed") {
      const clip = this.#clip;
      if (clip) this.#current.load(clip.url, "auto");
      this.#start();
    }
    this.#changed();
  }

  set_sound(wanted: boolean): void {
    this.#sound_wanted = wanted;
    this.#sound_blocked = false;
    this.#ports.remember_sound(wanted);
    this.#apply_sound();
    this.#changed();
  }

  /** A gesture happened: the browser lets sound out from now on. */
  gesture(): void {
    if (!this.#sound_blocked) return;
    this.#sound_blocked = false;
    this.#apply_sound();
    this.#changed();
  }

  seek(fraction: number): void {
    const duration_ms = this.duration_ms;
    if (duration_ms === 0) return;
    const to = Math.min(Math.max(fraction, 0), 0.999) * duration_ms;
    this.#meter?.at(this.#current.position_ms);
    this.#meter?.sought(to);
    this.#current.seek(to);
    this.#changed();
  }

  /** Nobody can see the player (another tab, a covering sheet): it holds still until they can. */
  set_hidden(hidden: boolean): void {
    if (hidden === this.#hidden) return;
    this.#hidden = hidden;
    if (hidden) {
      this.#current.pause();
    } else if (this.#phase === "playing" || this.#phase === "loading") {
      this.#start();
    }
    this.#announce();
    this.#changed();
  }

  /** The page goes away: the outcome of what is on screen is due now. */
  finish(): void {
    this.#leave();
    this.#current.pause();
  }

  close(): void {
    this.finish();
    this.#listeners.clear();
    for (const media of this.#ports.media) media.unload();
  }

  get #current(): Media {
    return this.#ports.media[element_of(this.#index)];
  }

  get #clip(): Clip | undefined {
    return this.#loaded[element_of(this.#index)];
  }

  #place(element: 0 | 1 | 2, clip: Clip | undefined, is_current: boolean): void {
    const media = this.#ports.media[element];
    const loaded = this.#loaded[element];
    if (!is_current) media.pause();
    if (loaded?.key === clip?.key) {
      if (is_current) media.fetch_all();
      return;
    }
    this.#loaded[element] = clip;
    this.#painted[element] = false;
    if (clip) media.load(clip.url, is_current ? "auto" : "metadata");
    else media.unload();
  }

  #enter(clip: Clip | undefined): void {
    this.#stalled = false;
    this.#reported = false;
    this.#announced = false;
    if (!clip) {
      this.#phase = "empty";
      this.#meter = undefined;
      return;
    }
    this.#meter = new WatchMeter();
    if (this.#current.position_ms > 0) this.#current.seek(0);
    this.#start();
    this.#announce();
  }

  #announce(): void {
    const clip = this.#clip;
    if (this.#announced || this.#hidden || !clip || this.#phase === "empty") return;
    this.#announced = true;
    this.#ports.shown(clip.key);
  }

  #leave(): void {
    const clip = this.#clip;
    const meter = this.#meter;
    if (!clip || !meter || this.#reported || !this.#announced) return;
    meter.at(this.#current.position_ms);
    // What could not be played says nothing about the viewer.
    if (this.#phase === "failed" && meter.played_ms === 0) return;
    this.#reported = true;
    this.#ports.watched(clip.key, meter.outcome(this.duration_ms));
  }

  #start(): void {
    if (this.#phase !== "playing") this.#phase = "loading";
    if (this.#hidden) return;
    this.#apply_sound();
    void this.#play(this.#current, this.#clip?.key);
  }

  async #play(media: Media, key: string | undefined): Promise<void> {
    let result = await media.play();
    if (this.#clip?.key !== key) return; // gone on in the meantime
    if (result === "refused" && this.#sound_wanted && !this.#sound_blocked) {
      // Not without a gesture: play silently now, with sound from the first gesture on.
      this.#sound_blocked = true;
      this.#apply_sound();
      result = await media.play();
      if (this.#clip?.key !== key) return;
    }
    if (result === "refused" && this.#phase === "loading") this.#phase = "paused";
    this.#changed();
  }

  #apply_sound(): void {
    const sound = this.#sound_wanted && !this.#sound_blocked;
    this.#ports.media.forEach((media, element) => {
      media.set_muted(!sound || element !== element_of(this.#index));
    });
  }

  #on_media(element: 0 | 1 | 2, event: MediaEvent): void {
    if (event === "painted") {
      this.#painted[element] = true;
      this.#changed();
      return;
    }
    const is_current = element === element_of(this.#index) && this.#clip !== undefined;
    if (!is_current) {
      if (event === "error") this.#forget(element);
      return;
    }
    switch (event) {
      case "playing":
        if (this.#phase === "loading") this.#phase = "playing";
        this.#stalled = false;
        break;
      case "waiting":
        this.#stalled = this.#phase === "playing";
        break;
      case "position":
        this.#meter?.at(this.#current.position_ms);
        return; // told by `fraction`, not worth a notification
      case "ended":
        this.#round_done();
        break;
      case "error":
        this.#phase = "failed";
        this.#stalled = false;
        break;
    }
    this.#changed();
  }

  /** A clip that failed while it was loaded ahead is loaded once more when it comes on screen. */
  #forget(element: 0 | 1 | 2): void {
    this.#loaded[element] = undefined;
    this.#painted[element] = false;
  }

  #round_done(): void {
    const clip = this.#clip;
    const meter = this.#meter;
    if (!clip || !meter) return;
    const whole = meter.ended(this.duration_ms);
    if (whole && !this.#reported && this.#announced) {
      this.#reported = true;
      this.#ports.watched(clip.key, meter.outcome(this.duration_ms));
    }
    this.#current.seek(0);
    if (this.#phase === "playing" && !this.#hidden) void this.#play(this.#current, clip.key);
  }

  #changed(): void {
    const snapshot = this.snapshot;
    for (const listener of this.#listeners) listener(snapshot);
  }
}
