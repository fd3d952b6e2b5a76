// What can be said about a chosen file before a byte of it is sent.
import type { Network } from "../api/types";
import { bytes, duration } from "../i18n/format";
import type { Messages } from "../i18n/en";

export interface ChosenFile {
  size: number;
  /** Undefined when the browser cannot read it: the server can read more kinds. */
  duration_ms: number | undefined;
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
  if (file.duration_ms !== undefined && file.duration_ms > limits.duration_ms_max) {
    return m.upload.too_long(
      duration(locale, file.duration_ms),
      duration(locale, limits.duration_ms_max),
    );
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
