import { expect, test } from "vitest";
import { decode } from "./placeholder";

const SIDE = 32;
const text = (bytes: number[]) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
// Two waves each way: the mean and one wave across, one down, for luma; five each for the colours.
const flat = [0x22, 100, 128, 128, 0, 0, 0];
const level = (...halves: number[]) =>
  Array.from({ length: Math.ceil(halves.length / 2) }, (_, i) => ((halves[2 * i] ?? 0) << 4) | (halves[2 * i + 1] ?? 0));
const neutral = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 7 : 8));

test("a placeholder without waves is one colour, nearly", () => {
  const pixels = decode(text([...flat, ...level(7, 8, ...neutral)]));
  expect(pixels?.length).toBe(SIDE * SIDE * 4);
  for (let i = 0; i < SIDE * SIDE; i++) {
    for (let c = 0; c < 3; c++) expect(Math.abs((pixels?.[i * 4 + c] ?? 0) - 100)).toBeLessThan(4);
    expect(pixels?.[i * 4 + 3]).toBe(255);
  }
});

test("the first wave goes across: bright on the left, dark on the right", () => {
  const pixels = decode(text([0x22, 128, 128, 128, 60, 0, 0, ...level(15, 8, ...neutral)]));
  const grey = (x: number, y: number) => pixels?.[(y * SIDE + x) * 4 + 1] ?? -1;
  expect(grey(0, 16)).toBeGreaterThan(180);
  expect(grey(31, 16)).toBeLessThan(76);
  expect(Math.abs(grey(0, 0) - grey(0, 31))).toBeLessThan(12);
});

test("what is no placeholder is none", () => {
  for (const wrong of ["", "!", "AAAA", text(flat), text([...flat, 1, 2, 3, 4, 5, 6, 7, 8]), text([0xff, 1, 2, 3, 4, 5, 6, 7])]) {
    expect(decode(wrong), wrong).toBeUndefined();
  }
});
