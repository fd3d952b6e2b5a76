// Captions: which track is wanted, and what of it is to be read now. The browser reads the file and
// keeps the time; what it hands over is drawn by the caller. Knows no framework.
import type { CaptionTrack } from "../api/types";

/** "off", or the language that was chosen last. */
export type CaptionWish = string;

const primary = (tag: string) => tag.toLowerCase().split("-")[0];

/** The wished language, else the same in another country, else one that the viewer reads, else any:
    who asked for captions is better served by foreign ones than by none. */
export function choose_track(
  tracks: readonly CaptionTrack[],
  wish: CaptionWish,
  read: readonly string[],
): CaptionTrack | undefined {
  if (wish === "off") return undefined;
  const wished = wish.toLowerCase();
  return (
    tracks.find((track) => track.language === wished) ??
    [wished, ...read]
      .map((tag) => tracks.find((track) => primary(track.language) === primary(tag)))
      .find((track) => track !== undefined) ??
    tracks[0]
  );
}

/** What is said now: at the bottom of the picture, unless its author put it to the top. */
export interface Line {
  top: boolean;
  align: "start" | "center" | "end";
  words: DocumentFragment;
}

export function line_of(cue: VTTCue): Line {
  const top = typeof cue.line === "number" && (cue.snapToLines ? cue.line >= 0 : cue.line < 50);
  const align =
    cue.align === "center" ? "center" : cue.align === "start" || cue.align === "left" ? "start" : "end";
  return { top, align, words: cue.getCueAsHTML() };
}

/** Tells the lines of a track whenever they change, until it is called off. */
export function read_captions(
  video: HTMLVideoElement,
  track: CaptionTrack,
  show: (lines: Line[]) => void,
): () => void {
  const element = document.createElement("track");
  element.kind = "captions";
  element.srclang = track.language;
  element.src = track.url;
  const look = () => {
    show(Array.from(element.track.activeCues ?? [], (cue) => line_of(cue as VTTCue)));
  };
  video.append(element);
  element.track.mode = "hidden"; // read and timed, not drawn by the browser
  element.track.addEventListener("cuechange", look);
  element.addEventListener("load", look);
  return () => {
    element.track.removeEventListener("cuechange", look);
    element.removeEventListener("load", look);
    element.track.mode = "disabled";
    element.remove();
    show([]);
  };
}
