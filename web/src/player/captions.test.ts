import { describe, expect, it } from "vitest";
import { choose_track, line_of } from "./captions";

const track = (language: string) => ({ language, url: `/${language}.vtt` });
const tracks = [track("de"), track("en"), track("pt"), track("pt-br")];
const chosen = (wish: string, read: string[] = []) => choose_track(tracks, wish, read)?.language;

describe("which captions are shown", () => {
  it("none when they are off, or there are none", () => {
    expect(chosen("off", ["en"])).toBeUndefined();
    expect(choose_track([], "en", ["en"])).toBeUndefined();
  });
  it("the wished language, as exactly as there is", () => {
    expect(chosen("en")).toBe("en");
    expect(chosen("pt-BR")).toBe("pt-br");
    expect(chosen("pt-AO")).toBe("pt");
    expect(chosen("en-GB")).toBe("en");
  });
  it("else one that the viewer reads, else any", () => {
    expect(chosen("ja", ["fr-CA", "en-US"])).toBe("en");
    expect(chosen("ja", ["fr"])).toBe("de");
  });
});

describe("where a line is", () => {
  const cue = (line: number | "auto", snapToLines = true, align: AlignSetting = "center") =>
    ({ line, snapToLines, align, getCueAsHTML: () => ({}) }) as unknown as VTTCue;
  it("at the bottom unless its author put it to the top", () => {
    expect(line_of(cue("auto")).top).toBe(false);
    expect(line_of(cue(-1)).top).toBe(false);
    expect(line_of(cue(0)).top).toBe(true);
    expect(line_of(cue(10, false)).top).toBe(true);
    expect(line_of(cue(90, false)).top).toBe(false);
  });
  it("keeps to a side that was asked for", () => {
    expect(line_of(cue("auto", true, "left")).align).toBe("start");
    expect(line_of(cue("auto", true, "end")).align).toBe("end");
    expect(line_of(cue("auto")).align).toBe("center");
  });
});
