import { expect, it } from "vitest";
import { ahead_s, next_fragment } from "./feeder";
import { parse_index } from "./mp4_index";

const u32 = (n: number) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const letters = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const box = (kind: string, ...body: number[]) => [...u32(8 + body.length), ...letters(kind), ...body];
const ftyp = box("ftyp", ...letters("isom"));
const moov = (sound: boolean) =>
  box("moov", ...box("avcC", 1, 0x64, 0, 0x1f, 255), ...(sound ? box("mp4a", 0, 0, 0, 0) : []));
const sidx = (entries: [number, number][], first = 0, timescale = 1000) =>
  box("sidx", 0, 0, 0, 0, ...u32(1), ...u32(timescale), ...u32(0), ...u32(first), 0, 0, 0, entries.length,
    ...entries.flatMap(([size, ticks]) => [...u32(size), ...u32(ticks), ...u32(0x90000000)]));
const file = (...parts: number[][]) => new Uint8Array(parts.flat());

it("tells codecs, and where which second lies", () => {
  const head = file(ftyp, moov(true), sidx([[500, 1000], [700, 1000], [90, 250]], 4), [1, 2, 3]);
  const init = ftyp.length + moov(true).length;
  const from = init + sidx([[0, 0], [0, 0], [0, 0]]).length + 4;
  expect(parse_index(head)).toEqual({
    mime: 'video/mp4; codecs="avc1.64001f,mp4a.40.2"',
    init_bytes: init,
    fragments: [
      { offset: from, size: 500, start_s: 0, end_s: 1 },
      { offset: from + 500, size: 700, start_s: 1, end_s: 2 },
      { offset: from + 1200, size: 90, start_s: 2, end_s: 2.25 },
    ],
  });
  expect(parse_index(file(ftyp, moov(false), sidx([[500, 1000]])))?.mime).toBe('video/mp4; codecs="avc1.64001f"');
});

it("understands nothing else, and no half of it", () => {
  const whole = file(ftyp, moov(true), sidx([[500, 1000], [700, 1000]]));
  expect(parse_index(whole)).toBeDefined();
  for (let n = 0; n < whole.byteLength; n += 1) expect(parse_index(whole.subarray(0, n)), `${n}`).toBeUndefined();
  expect(parse_index(file(ftyp, sidx([[500, 1000]])))).toBeUndefined(); // no codec
  expect(parse_index(file(ftyp, moov(true), sidx([])))).toBeUndefined();
  expect(parse_index(file(ftyp, moov(true), sidx([[500, 1000]], 0, 0)))).toBeUndefined();
  expect(parse_index(file(ftyp, moov(true), sidx([[0x80000001, 1000]])))).toBeUndefined();
  expect(parse_index(file(u32(4), letters("ftyp")))).toBeUndefined(); // would not end
});

it("fetches what is needed next, from where one is and no further than that", () => {
  const fragments = [0, 1, 2, 3].map((n) => ({ offset: n, size: 1, start_s: n, end_s: n + 1 }));
  const having = (...there: number[]) => (fragment: { offset: number }) => there.includes(fragment.offset);
  expect(next_fragment(fragments, 0, 0, having())).toBe(0);
  expect(next_fragment(fragments, 0, 0, having(0))).toBeUndefined();
  expect(next_fragment(fragments, 0, ahead_s(0), having(0))).toBe(1);
  expect(next_fragment(fragments, 0, ahead_s(0), having(0, 1))).toBeUndefined();
  expect(next_fragment(fragments, 2.5, 2.5 + ahead_s(2.5), having(0, 1))).toBe(2); // sought
  expect(next_fragment(fragments, 2.5, 2.5 + ahead_s(2.5), having(2))).toBe(3); // what is behind is not needed
  expect(next_fragment(fragments, 4, 14, having())).toBe(3); // at the very end
  expect(next_fragment(fragments, 1, 11, having(1, 2, 3))).toBeUndefined();
});
