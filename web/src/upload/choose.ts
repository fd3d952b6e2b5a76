// Getting files from a person: by a picker, by dropping, by the camera. Where the browser gives
// handles, they come along: with one, a file can be read again after a reload without being chosen.
import { first_trim, objection } from "./limits";
import type { Network } from "../api/types";
import type { Messages } from "../i18n/en";
import { facts_of } from "./same_file";
import type { Chosen, FileHandle } from "./upload_queue";

const PROBE_MS = 3_000; // for the browser to read the length of a file

export interface Picked {
  file: File;
  handle?: FileHandle;
}

interface PickerWindow {
  showOpenFilePicker?(options: object): Promise<FileHandle[]>;
}
interface DropItem {
  getAsFileSystemHandle?(): Promise<(FileHandle & { kind: string }) | null>;
}

/** Undefined where the browser has no picker that gives handles: then an <input> is the way. */
export function handle_picker(): (() => Promise<Picked[]>) | undefined {
  const show = (window as PickerWindow).showOpenFilePicker?.bind(window);
  if (!show) return undefined;
  return async () => {
    let handles: FileHandle[];
    try {
      handles = await show({ multiple: true, types: [{ description: "", accept: { "video/*": [".mp4", ".mov", ".webm", ".mkv", ".avi", ".3gp", ".mpg", ".ts"] } }] });
    } catch {
      return []; // nothing was chosen
    }
    return await Promise.all(handles.map(async (handle) => ({ file: await handle.getFile(), handle })));
  };
}

/** What was dropped; folders are left out. To be called while the event is being handled. */
export async function dropped(transfer: DataTransfer | null): Promise<Picked[]> {
  if (!transfer) return [];
  const files = [...transfer.files];
  const items = [...transfer.items].filter((item) => item.kind === "file") as (DataTransferItem & DropItem)[];
  const handles = await Promise.all(
    items.map((item) => item.getAsFileSystemHandle?.().catch(() => null) ?? Promise.resolve(null)),
  );
  return files.flatMap((file, at) => {
    const handle = handles[at];
    if (handle && handle.kind !== "file") return [];
    return [{ file, ...(handle ? { handle } : {}) }];
  });
}

/** How long the browser says that a file is; undefined when it cannot read it. */
function duration_of(file: File): Promise<number | undefined> {
  return new Promise((resolve) => {
    const url = URL.createObjectURL(file);
    const video = document.createElement("video");
    const done = (ms: number | undefined) => {
      clearTimeout(timer);
      video.removeAttribute("src");
      URL.revokeObjectURL(url);
      resolve(ms);
    };
    const timer = setTimeout(() => done(undefined), PROBE_MS);
    video.preload = "metadata";
    video.onloadedmetadata = () =>
      done(Number.isFinite(video.duration) && video.videoWidth > 0 ? Math.round(video.duration * 1000) : undefined);
    video.onerror = () => done(undefined);
    video.src = url;
  });
}

/** What is known of a file before a byte of it is sent, or what speaks against it, in words. */
export async function look_at(
  { file, handle }: Picked,
  limits: Network["uploads"],
  m: Messages,
  locale: string,
): Promise<Chosen | string> {
  const refusal = objection(file, limits, m, locale);
  if (refusal) return refusal;
  try {
    const facts = await facts_of(file);
    const duration_ms = await duration_of(file);
    const trim = first_trim(duration_ms, limits);
    return {
      file,
      facts,
      ...(duration_ms === undefined ? {} : { duration_ms }),
      ...(handle ? { handle } : {}),
      ...(trim ? { trim } : {}),
    };
  } catch {
    return m.upload.unreadable;
  }
}
