// A picture of some twenty bytes (docs/formats/placeholder.md), to be seen until the poster is there.

const SIDE = 32;
const COLOR_WAVES = 3;

interface Channel {
  across: number;
  down: number;
  mean: number;
  strength: number;
}

/** RGBA of SIDE by SIDE pixels, to be stretched to the picture's shape; nothing when it is no placeholder. */
export function decode(placeholder: string): Uint8ClampedArray<ArrayBuffer> | undefined {
  const bytes = bytes_of(placeholder);
  if (!bytes || bytes.length < 7) return undefined;
  const at = (index: number) => bytes[index] ?? 0;
  const across = at(0) >> 4;
  const down = at(0) & 15;
  if (across < 1 || across > 7 || down < 1 || down > 7) return undefined;
  const channels: Channel[] = [
    { across, down, mean: at(1), strength: at(4) },
    { across: COLOR_WAVES, down: COLOR_WAVES, mean: at(2), strength: at(5) },
    { across: COLOR_WAVES, down: COLOR_WAVES, mean: at(3), strength: at(6) },
  ];
  let half = 14;
  const next = () => {
    const byte = at(half >> 1);
    return half++ % 2 === 0 ? byte >> 4 : byte & 15;
  };
  const planes = channels.map((channel) => {
    const plane = new Float32Array(SIDE * SIDE).fill(channel.mean);
    for (let j = 0; j < channel.down; j++) {
      for (let i = 0; i * channel.down + j * channel.across < channel.across * channel.down; i++) {
        if (i === 0 && j === 0) continue;
        add_wave(plane, i, j, ((next() - 7.5) / 7.5) * Math.max(channel.strength, 1));
      }
    }
    return plane;
  });
  if ((half + 1) >> 1 !== bytes.length) return undefined;
  return to_rgba(planes);
}

/** Paints the placeholder into a canvas, which CSS stretches; an attachment for Svelte. */
export function painted(placeholder: string) {
  return (canvas: HTMLCanvasElement) => {
    const pixels = decode(placeholder);
    const context = canvas.getContext("2d");
    if (!pixels || !context) return;
    canvas.width = SIDE;
    canvas.height = SIDE;
    context.putImageData(new ImageData(pixels, SIDE, SIDE), 0, 0);
  };
}

function bytes_of(text: string): Uint8Array | undefined {
  try {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function add_wave(plane: Float32Array, i: number, j: number, strength: number): void {
  const wave = (frequency: number, at: number) => Math.cos((Math.PI * frequency * (at + 0.5)) / SIDE);
  for (let y = 0; y < SIDE; y++) {
    const row = strength * wave(j, y);
    for (let x = 0; x < SIDE; x++) plane[y * SIDE + x] = (plane[y * SIDE + x] ?? 0) + row * wave(i, x);
  }
}

function to_rgba(planes: Float32Array[]): Uint8ClampedArray<ArrayBuffer> {
  const [luma, blue, red] = planes;
  const out = new Uint8ClampedArray(SIDE * SIDE * 4);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const y = luma?.[i] ?? 0;
    const b = y + 1.772 * ((blue?.[i] ?? 128) - 128);
    const r = y + 1.402 * ((red?.[i] ?? 128) - 128);
    out[i * 4] = r;
    out[i * 4 + 1] = (y - 0.299 * r - 0.114 * b) / 0.587;
    out[i * 4 + 2] = b;
    out[i * 4 + 3] = 255;
  }
  return out;
}
