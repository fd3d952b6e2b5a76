import { describe, expect, it } from "vitest";
import { DoubleTap, Drag, Wheel } from "./swipe";

describe("a drag", () => {
  const drag = (points: [number, number][], ahead = true, behind = true) => {
    const gesture = new Drag();
    const [first, ...rest] = points;
    gesture.begin(first![0], first![1], 800);
    const offsets = rest.slice(0, -1).map(([y, at]) => gesture.move(y, at, ahead, behind));
    const last = rest.at(-1)!;
    return { offsets, ...gesture.end(last[0], last[1]) };
  };

  it("follows the finger and goes on when it went far", () => {
    expect(drag([[600, 0], [500, 200], [400, 400], [400, 900]])).toEqual({
      offsets: [-100, -200],
      step: 1,
      tap: false,
    });
  });

  it("goes on after a short flick, in either direction", () => {
    expect(drag([[600, 0], [580, 20], [550, 50]]).step).toBe(1);
    expect(drag([[300, 0], [320, 20], [350, 50]]).step).toBe(-1);
  });

  it("comes back after a short slow pull", () => {
    expect(drag([[600, 0], [560, 300], [540, 600]])).toMatchObject({ step: 0, tap: false });
  });

  it("takes a finger that hardly moved for a tap", () => {
    expect(drag([[600, 0], [603, 40], [604, 80]])).toMatchObject({ step: 0, tap: true });
  });

  it("gives way only a little where there is nothing to go to", () => {
    expect(drag([[300, 0], [400, 100], [400, 200]], true, false).offsets[0]).toBeCloseTo(28);
  });

  it("does not go on when the finger came back at the end", () => {
    expect(drag([[600, 0], [400, 100], [560, 150], [590, 160]]).step).toBe(0);
  });
});

describe("the wheel", () => {
  it("makes one step of a notch", () => {
    const wheel = new Wheel();
    expect(wheel.turn(100, 0)).toBe(1);
    expect(wheel.turn(-100, 500)).toBe(-1);
  });

  it("makes one step of a trackpad's push and its fading tail", () => {
    const wheel = new Wheel();
    let steps = 0;
    for (let i = 0; i < 60; i += 1) steps += wheel.turn(60 * 0.93 ** i, i * 16);
    expect(steps).toBe(1);
  });

  it("takes a second, stronger push within the tail", () => {
    const wheel = new Wheel();
    let steps = 0;
    for (let i = 0; i < 30; i += 1) steps += wheel.turn(60 * 0.9 ** i, i * 16);
    for (let i = 30; i < 60; i += 1) steps += wheel.turn(60 * 0.9 ** (i - 30), i * 16);
    expect(steps).toBe(2);
  });
});

describe("taps", () => {
  it("tells two quick taps in one place from two single ones", () => {
    const taps = new DoubleTap();
    expect(taps.tap(100, 100, 0)).toBe("single");
    expect(taps.tap(110, 95, 200)).toBe("double");
    expect(taps.tap(110, 95, 900)).toBe("single");
    expect(taps.tap(300, 95, 1000)).toBe("single");
  });
});
