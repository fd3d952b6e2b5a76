// Where the pieces of a fragmented MP4 lie, from its first bytes: ftyp, moov, and the sidx that lists
// all fragments. Only what the server makes (H.264 and AAC, a global sidx in front) is understood;
// undefined for anything else. Bounds are checked: the bytes came over a network.
export interface Fragment {
  offset: number;
  size: number;
  start_s: number;
  end_s: number;
}

export interface Mp4Index {
  mime: string; // with codecs, as MediaSource wants it
  init_bytes: number; // from the start of the file
  fragments: readonly Fragment[]; // at least one
}

const BOX_HEADER = 8;
const FRAGMENTS_MAX = 10_000;

export function parse_index(head: Uint8Array): Mp4Index | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let mime: string | undefined;
  for (let at = 0; at + BOX_HEADER <= head.byteLength; ) {
    const size = view.getUint32(at);
    if (size < BOX_HEADER || at + size > head.byteLength) return undefined;
    const kind = text(head, at + 4);
    if (kind === "moov") mime = mime_of(head.subarray(at, at + size));
    if (kind === "sidx") {
      const fragments = fragments_of(view, at, size);
      return mime && fragments ? { mime, init_bytes: at, fragments } : undefined;
    }
    at += size;
  }
  return undefined;
}

function text(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function find(bytes: Uint8Array, kind: string): number {
  for (let at = 0; at + 4 <= bytes.byteLength; at += 1) {
    if (bytes[at] === kind.charCodeAt(0) && text(bytes, at) === kind) return at;
  }
  return -1;
}

function mime_of(moov: Uint8Array): string | undefined {
  const avc = find(moov, "avcC"); // version, profile, constraints, level
  if (avc < 0 || avc + 8 > moov.byteLength) return undefined;
  const profile = [...moov.subarray(avc + 5, avc + 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `video/mp4; codecs="avc1.${profile}${find(moov, "mp4a") >= 0 ? ",mp4a.40.2" : ""}"`;
}

// ISO/IEC 14496-12, 8.16.3.
function fragments_of(view: DataView, at: number, size: number): Fragment[] | undefined {
  const wide = view.getUint8(at + BOX_HEADER) > 0;
  const fixed = wide ? 40 : 32;
  if (size < fixed) return undefined;
  const timescale = view.getUint32(at + 16);
  const first = wide ? Number(view.getBigUint64(at + 28)) : view.getUint32(at + 24);
  const count = view.getUint16(at + fixed - 2);
  if (timescale === 0 || count === 0 || count > FRAGMENTS_MAX || size < fixed + 12 * count) return undefined;
  const fragments: Fragment[] = [];
  let offset = at + size + first;
  let ticks = 0;
  for (let i = 0; i < count; i += 1) {
    const entry = at + fixed + 12 * i;
    const reference = view.getUint32(entry);
    if (reference >= 0x80000000) return undefined; // to another sidx
    const start_s = ticks / timescale;
    ticks += view.getUint32(entry + 4);
    fragments.push({ offset, size: reference, start_s, end_s: ticks / timescale });
    offset += reference;
  }
  return fragments;
}
