import { expect, it } from "vitest";
import type { Rendition } from "../api/types";
import { choose_rendition } from "./rendition";

const rung = (short: number, bandwidth_bps: number): Rendition => ({
  url: `${short}p`,
  codec: "h264",
  width: short,
  height: Math.round((short * 16) / 9),
  bandwidth_bps,
  size_bytes: 1,
});
const ladder = [rung(1080, 5e6), rung(720, 2.5e6), rung(480, 1.2e6), rung(360, 0.7e6)];
const phone = { width_px: 720, height_px: 1488 };

it("takes the smallest that fills the screen", () => {
  expect(choose_rendition(ladder, phone)?.url).toBe("720p");
  expect(choose_rendition(ladder, { width_px: 360, height_px: 640 })?.url).toBe("360p");
  expect(choose_rendition(ladder, { width_px: 423, height_px: 752 })?.url).toBe("360p");
});

it("takes the largest when none fills it", () => {
  expect(choose_rendition(ladder, { width_px: 2160, height_px: 3840 })?.url).toBe("1080p");
});

it("stays within the network", () => {
  expect(choose_rendition(ladder, { ...phone, downlink_bps: 2e6 })?.url).toBe("480p");
  expect(choose_rendition(ladder, { ...phone, downlink_bps: 1e5 })?.url).toBe("360p");
});

it("saves data when asked to", () => {
  expect(choose_rendition(ladder, { ...phone, save_data: true })?.url).toBe("480p");
});

it("fits a landscape video by what limits it", () => {
  const wide = ladder.map((r) => ({ ...r, width: r.height, height: r.width }));
  expect(choose_rendition(wide, { width_px: 720, height_px: 1488 })?.url).toBe("360p");
});

it("takes AV1 of the same size where the browser plays it, and never where it does not", () => {
  const both = [...ladder, ...ladder.slice(0, 3).map((r): Rendition => ({ ...r, codec: "av1", url: `${r.url}-av1` }))];
  expect(choose_rendition(both, { ...phone, av1: true })?.url).toBe("720p-av1");
  expect(choose_rendition(both, phone)?.url).toBe("720p");
  expect(choose_rendition(both, { width_px: 360, height_px: 640, av1: true })?.url).toBe("360p");
});

it("has nothing to choose from nothing", () => {
  expect(choose_rendition([], phone)).toBeUndefined();
});
