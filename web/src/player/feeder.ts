// Gives a <video> the fragments of one file, so far ahead as they are likely to be watched and no
// further; left to itself a browser fetches megabytes ahead, which is all of a short clip.
//
//   opened -> head fetched (index and the first pictures) -> one fragment after the other, in the
//   order in which they are needed from where the video is -> all there: end of stream
import { parse_index, type Fragment, type Mp4Index } from "./mp4_index";

const HEAD_BYTES = 64 * 1024; // the index, and most or all of the first fragment
const AHEAD_FIRST_S = 1.5; // most of what is skipped is skipped in the first seconds
const FIRST_S = 2;
const AHEAD_S = 10;
const BEHIND_S = 10; // kept when there is no room
const RETRY_MS = [300, 1_000, 3_000];
const FETCH_MS = 15_000;

/** How far beyond `position_s` may be fetched. */
export function ahead_s(position_s: number): number {
  return position_s < FIRST_S ? AHEAD_FIRST_S : AHEAD_S;
}

/** The next fragment to fetch, by number; undefined when enough is there. `has`: it is there. */
export function next_fragment(
  fragments: readonly Fragment[],
  position_s: number,
  until_s: number,
  has: (fragment: Fragment) => boolean,
): number | undefined {
  for (const [i, fragment] of fragments.entries()) {
    if (fragment.end_s <= position_s && i + 1 < fragments.length) continue;
    if (fragment.start_s > until_s) return undefined;
    if (!has(fragment)) return i;
  }
  return undefined;
}

export class Feeder {
  /** For the video's src. */
  readonly url: string;
  #source = new MediaSource();
  #buffer: SourceBuffer | undefined;
  #index: Mp4Index | undefined;
  #head: Uint8Array = new Uint8Array();
  #there = new Set<Fragment>();
  #over = new AbortController();
  #busy = true;

  /** `whole`: more than the first picture is wanted. `refused`: this file or this browser is not for
      feeding; nothing more comes. */
  constructor(
    private readonly file: string,
    private readonly video: HTMLVideoElement,
    public whole: boolean,
    private readonly refused: () => void,
  ) {
    this.url = URL.createObjectURL(this.#source);
    this.#source.addEventListener("sourceopen", () => void this.#open(), { once: true });
    const { signal } = this.#over;
    video.addEventListener("timeupdate", () => this.pump(), { signal });
    video.addEventListener("seeking", () => this.#sought(), { signal });
  }

  static get possible(): boolean {
    return typeof MediaSource !== "undefined";
  }

  close(): void {
    this.#over.abort();
    URL.revokeObjectURL(this.url);
  }

  /** Fetches what is wanted by now and not there. */
  pump(): void {
    if (this.#busy || !this.#index || this.#over.signal.aborted) return;
    const { fragments } = this.#index;
    const at_s = this.video.currentTime;
    const until_s = this.whole ? at_s + ahead_s(at_s) : at_s;
    const next = next_fragment(fragments, at_s, until_s, (fragment) => this.#there.has(fragment));
    if (next === undefined) {
      const last = fragments.at(-1);
      const all = next_fragment(fragments, at_s, Infinity, (fragment) => this.#there.has(fragment)) === undefined;
      if (all && last && this.#source.readyState === "open") this.#source.endOfStream();
      return;
    }
    this.#busy = true;
    void this.#feed(next).then(
      () => {
        this.#busy = false;
        this.pump();
      },
      () => this.#fail(),
    );
  }

  async #open(): Promise<void> {
    URL.revokeObjectURL(this.url);
    try {
      this.#head = await this.#range(0, HEAD_BYTES);
      const index = parse_index(this.#head);
      if (this.#over.signal.aborted) return;
      if (!index || !MediaSource.isTypeSupported(index.mime)) return this.refused();
      this.#buffer = this.#source.addSourceBuffer(index.mime);
      await this.#append(this.#head.subarray(0, index.init_bytes));
      const last = index.fragments.at(-1);
      if (last && this.#source.readyState === "open") this.#source.duration = last.end_s;
      this.#index = index;
      this.#busy = false;
      this.pump();
    } catch {
      this.#fail();
    }
  }

  async #feed(number: number): Promise<void> {
    const fragment = this.#index?.fragments[number];
    if (!fragment) return;
    // What came with the head is not fetched again.
    const bytes = new Uint8Array(fragment.size);
    const known = this.#head.subarray(fragment.offset, fragment.offset + fragment.size);
    bytes.set(known);
    if (known.byteLength < fragment.size) {
      bytes.set(await this.#range(fragment.offset + known.byteLength, fragment.size - known.byteLength), known.byteLength);
    }
    await this.#append(bytes);
    this.#there.add(fragment);
  }

  /** To where something was, perhaps: a browser short of room drops what lies behind. Not asked after
      each fragment: where one of picture and sound is missing, nothing counts as buffered. */
  #sought(): void {
    for (const fragment of this.#there) if (!this.#buffered(fragment)) this.#there.delete(fragment);
    this.pump();
  }

  #buffered(fragment: Fragment): boolean {
    const buffered = this.#buffer?.buffered;
    const middle_s = (fragment.start_s + fragment.end_s) / 2;
    for (let i = 0; i < (buffered?.length ?? 0); i += 1) {
      if (buffered && buffered.start(i) <= middle_s && buffered.end(i) >= middle_s) return true;
    }
    return false;
  }

  async #range(from: number, size: number): Promise<Uint8Array> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const response = await fetch(this.file, {
          headers: { Range: `bytes=${from}-${from + size - 1}` },
          signal: AbortSignal.any([this.#over.signal, AbortSignal.timeout(FETCH_MS)]),
        });
        if (response.status !== 206) throw new Error(`answered ${response.status}`);
        return new Uint8Array(await response.arrayBuffer());
      } catch (error) {
        const wait_ms = RETRY_MS[attempt];
        if (this.#over.signal.aborted || wait_ms === undefined) throw error;
        await new Promise((done) => setTimeout(done, wait_ms));
      }
    }
  }

  async #append(bytes: Uint8Array): Promise<void> {
    const buffer = this.#buffer;
    if (!buffer || this.#over.signal.aborted) return;
    const data = bytes as Uint8Array<ArrayBuffer>;
    try {
      buffer.appendBuffer(data);
    } catch (error) {
      const until_s = this.video.currentTime - BEHIND_S;
      if (!(error instanceof DOMException) || error.name !== "QuotaExceededError" || until_s <= 0) throw error;
      buffer.remove(0, until_s);
      await this.#updated(buffer);
      buffer.appendBuffer(data);
    }
    await this.#updated(buffer);
  }

  #updated(buffer: SourceBuffer): Promise<void> {
    return new Promise((done, failed) => {
      const over = new AbortController();
      const { signal } = over;
      const end = (then: () => void) => () => {
        over.abort();
        then();
      };
      buffer.addEventListener("updateend", end(done), { signal });
      buffer.addEventListener("error", end(() => failed(new Error("not taken"))), { signal });
      this.#over.signal.addEventListener("abort", end(done), { signal });
    });
  }

  /** As the browser tells it of a file that it fetches itself: by an error of the video. */
  #fail(): void {
    if (this.#over.signal.aborted) return;
    this.#busy = true; // for good
    if (this.#source.readyState === "open") this.#source.endOfStream("network");
    else this.refused();
  }
}
