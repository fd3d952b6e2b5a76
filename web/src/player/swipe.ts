// Gestures to steps. Pure: positions and times in, offsets and steps out.
export type Step = -1 | 0 | 1;

const FLICK_PX_PER_MS = 0.35;
const DISTANCE = 0.22; // of the height
const RUBBER = 0.28; // how much of a pull against the end is followed
const TAP_PX = 10;

/** One finger or pointer, from down to up. */
export class Drag {
  #from = 0;
  #height = 1;
  #samples: { y: number; at: number }[] = [];
  active = false;

  begin(y: number, at: number, height: number): void {
    this.active = true;
    this.#from = y;
    this.#height = Math.max(1, height);
    this.#samples = [{ y, at }];
  }

  /** The offset to show, in px; `ahead` and `behind` say whether there is somewhere to go. */
  move(y: number, at: number, ahead: boolean, behind: boolean): number {
    this.#samples.push({ y, at });
    if (this.#samples.length > 6) this.#samples.shift();
    const offset = y - this.#from;
    const open = offset < 0 ? ahead : behind;
    return open ? offset : offset * RUBBER;
  }

  end(y: number, at: number): { step: Step; tap: boolean } {
    this.active = false;
    const offset = y - this.#from;
    const first = this.#samples[0];
    const span = first ? at - first.at : 0;
    const velocity = first && span > 0 ? (y - first.y) / span : 0;
    const tap = Math.abs(offset) <= TAP_PX;
    if (tap) return { step: 0, tap };
    const far = Math.abs(offset) >= DISTANCE * this.#height;
    const flick = Math.abs(velocity) >= FLICK_PX_PER_MS && Math.sign(velocity) === Math.sign(offset);
    if (!far && !flick) return { step: 0, tap };
    return { step: offset < 0 ? 1 : -1, tap };
  }

  cancel(): void {
    this.active = false;
  }
}

const WHEEL_PX = 40;
const WHEEL_QUIET_MS = 140; // a pause this long ends a gesture
const WHEEL_AGAIN_MS = 380; // within one gesture, a new push counts after this
const WHEEL_PUSH = 1.8; // and if it is this much stronger than the fading one

/** A wheel notch or a trackpad's push, with its long fading tail, makes one step. */
export class Wheel {
  #sum = 0;
  #locked = false;
  #last_at = -Infinity;
  #last_size = 0;
  #step_at = -Infinity;

  turn(delta: number, at: number): Step {
    const size = Math.abs(delta);
    if (at - this.#last_at > WHEEL_QUIET_MS) {
      this.#sum = 0;
      this.#locked = false;
    } else if (
      this.#locked &&
      at - this.#step_at > WHEEL_AGAIN_MS &&
      size > WHEEL_PX / 2 &&
      size > WHEEL_PUSH * this.#last_size
    ) {
      this.#sum = 0;
      this.#locked = false;
    }
    this.#last_at = at;
    this.#last_size = size;
    if (this.#locked) return 0;
    this.#sum += delta;
    if (Math.abs(this.#sum) < WHEEL_PX) return 0;
    this.#locked = true;
    this.#step_at = at;
    return this.#sum > 0 ? 1 : -1;
  }
}

/** Two taps in the same place, close in time. */
export class DoubleTap {
  static readonly WITHIN_MS = 280;
  static readonly WITHIN_PX = 48;
  #last: { x: number; y: number; at: number } | undefined;

  tap(x: number, y: number, at: number): "single" | "double" {
    const last = this.#last;
    if (
      last &&
      at - last.at <= DoubleTap.WITHIN_MS &&
      Math.hypot(x - last.x, y - last.y) <= DoubleTap.WITHIN_PX
    ) {
      this.#last = { x, y, at }; // a third tap likes again: another burst, nothing else
      return "double";
    }
    this.#last = { x, y, at };
    return "single";
  }
}
