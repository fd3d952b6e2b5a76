// What can be said about a chosen file before a byte of it is sent.
import type { Network } from "../api/types";
import { bytes } from "../i18n/format";
import type { Messages } from "../i18n/en";

export interface ChosenFile {
  size: number;
}

export interface Trim {
  start_ms: number;
  end_ms: number;
}

export const TRIM_MS_MIN = 500;
export const TRIM_STEP_MS = 100; // of the sliders

/** A video that is too long is taken all the same, trimmed to its beginning until somebody chooses. */
export function first_trim(duration_ms: number | undefined, limits: Network["uploads"]): Trim | undefined {
  if (duration_ms === undefined || duration_ms <= limits.duration_ms_max) return undefined;
  return { start_ms: 0, end_ms: limits.duration_ms_max };
}

/** The trim nearest to what is wished that can be published. `moved`: the end that gives way last. */
export function fit_trim(wished: Trim, moved: "start" | "end", duration_ms: number, longest_ms: number): Trim {
  const within = (ms: number, from: number, to: number) => Math.round(Math.min(Math.max(ms, from), to));
  const shortest_ms = Math.min(TRIM_MS_MIN, duration_ms);
  if (moved === "start") {
    const start_ms = within(wished.start_ms, 0, duration_ms - shortest_ms);
    return { start_ms, end_ms: within(wished.end_ms, start_ms + shortest_ms, Math.min(duration_ms, start_ms + longest_ms)) };
  }
  // A slider stops at whole steps: its last one means the end, wherever that is.
  const wished_end_ms = wished.end_ms > duration_ms - TRIM_STEP_MS ? duration_ms : wished.end_ms;
  const end_ms = within(wished_end_ms, shortest_ms, duration_ms);
  return { start_ms: within(wished.start_ms, Math.max(0, end_ms - longest_ms), end_ms - shortest_ms), end_ms };
}

/** Why the file would be refused, with the value beside the limit; undefined if nothing is known against it. */
export function objection(
  file: ChosenFile,
  limits: Network["uploads"],
  m: Messages,
  locale: string,
): string | undefined {
  if (file.size === 0) return m.upload.empty_file;
  if (file.size > limits.size_bytes_max) {
    return m.upload.too_large(bytes(locale, file.size), bytes(locale, limits.size_bytes_max));
  }
  return undefined;
}

export const CAPTION_MAX = 2_000;

/** Topics as the server reads them out of a caption: each once, in order. */
export function hashtags_of(caption: string): string[] {
  const found = [...caption.matchAll(/#([\p{L}\p{N}_]+)/gu)].map((match) => (match[1] ?? "").toLowerCase());
  return [...new Set(found)];
}

/** Length as the server counts it: code points. */
export const caption_length = (caption: string) => [...caption].length;
