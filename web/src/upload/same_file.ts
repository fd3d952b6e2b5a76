// Whether a file that is chosen again is the one that an upload was begun with. Names and dates
// change on the way through a phone's picker; size and content do not. The print is of samples, not
// of the whole: it tells files apart by mistake only when somebody wants it to, and then harms
// nobody but themselves.

const SAMPLE_BYTES = 64 * 1024;
const SAMPLES = 8;

export interface FileFacts {
  name: string;
  size: number;
  print: string;
}

/** 53 bits of each sample, mixed (cyrb53's construction). Not for secrets. */
function mix(bytes: Uint8Array, seed: number): string {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ seed;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 2654435761);
    b = Math.imul(b ^ byte, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
}

/** Throws what reading throws: the file may be gone, or have changed, since it was chosen. */
export async function facts_of(file: File): Promise<FileFacts> {
  const prints: string[] = [];
  const last = Math.max(0, file.size - SAMPLE_BYTES);
  for (let i = 0; i < SAMPLES; i += 1) {
    const at = Math.floor((last * i) / (SAMPLES - 1));
    const sample = await file.slice(at, at + SAMPLE_BYTES).arrayBuffer();
    prints.push(mix(new Uint8Array(sample), i));
    if (last === 0) break;
  }
  return { name: file.name, size: file.size, print: prints.join(".") };
}

export type Difference = "size" | "content";

export function difference(begun: FileFacts, chosen: FileFacts): Difference | undefined {
  if (begun.size !== chosen.size) return "size";
  return begun.print === chosen.print ? undefined : "content";
}
