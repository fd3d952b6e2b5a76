// How much of a clip was really played, from the media positions that the player reports. Seeking
// and pausing add nothing. Pure arithmetic.
const STEP_MAX_MS = 1_500; // a larger jump forward is a seek, or time that the tab slept
const WHOLE = 0.9; // of the duration: a play from end to end, allowing for coarse positions

export interface Outcome {
  watch_ms: number;
  loops: number;
  skipped: boolean;
}

export class WatchMeter {
  #position_ms = 0;
  #played_ms = 0;
  #this_round_ms = 0;
  loops = 0;

  get played_ms(): number {
    return Math.round(this.#played_ms);
  }

  at(position_ms: number): void {
    const step = position_ms - this.#position_ms;
    if (step > 0 && step <= STEP_MAX_MS) {
      this.#played_ms += step;
      this.#this_round_ms += step;
    }
    this.#position_ms = position_ms;
  }

  sought(position_ms: number): void {
    this.#position_ms = position_ms;
  }

  /** The clip ran into its end; true if it was a whole play, from the start to the end. */
  ended(duration_ms: number): boolean {
    this.at(duration_ms);
    const whole = this.#this_round_ms >= WHOLE * duration_ms;
    if (whole) this.loops += 1;
    this.#this_round_ms = 0;
    this.#position_ms = 0;
    return whole;
  }

  outcome(duration_ms: number): Outcome {
    return {
      watch_ms: this.played_ms,
      loops: this.loops,
      skipped: this.loops === 0 && this.#played_ms < duration_ms,
    };
  }
}
