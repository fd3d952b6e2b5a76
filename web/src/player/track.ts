// Places the three slides on screen. Slide k shows position i with i mod 3 = k, at (i - index)
// heights from the top, moved by the finger's offset. Writes transforms and nothing else.
//
// A step that begins while the one before is still moving first finishes that one in place, so that
// the recycled slide is never on screen when its picture changes: no ground shows between videos.
import { element_of } from "./player";

export class Track {
  #slides: readonly HTMLElement[];
  #index = 0;

  constructor(slides: readonly HTMLElement[]) {
    this.#slides = slides;
    this.#place(0, 0, false);
  }

  show(index: number): void {
    const step = index - this.#index;
    if (step === 0) {
      this.#place(index, 0, true);
      return;
    }
    const near = Math.abs(step) === 1;
    this.#settle();
    this.#index = index;
    this.#place(index, 0, near, near ? element_of(index + step) : undefined);
  }

  follow(offset_px: number): void {
    this.#place(this.#index, offset_px, false);
  }

  /** Ends running transitions where they lead to. */
  #settle(): void {
    for (const slide of this.#slides) for (const motion of slide.getAnimations()) motion.finish();
  }

  #place(index: number, offset_px: number, animate: boolean, recycled?: number): void {
    for (const step of [-1, 0, 1]) {
      const element = element_of(index + step);
      const slide = this.#slides[element];
      if (!slide) continue;
      slide.toggleAttribute("data-moving", animate && element !== recycled);
      slide.style.transform = `translate3d(0, calc(${step * 100}% + ${offset_px}px), 0)`;
    }
  }
}
