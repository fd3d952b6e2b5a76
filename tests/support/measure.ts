// What a made file is beside its source, measured by FFmpeg and by what is decoded, not by what
// either says of itself. For sources that the test trusts.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const ffmpeg = async (args: string[]): Promise<{ stdout: Buffer; stderr: string }> => {
  const { stdout, stderr } = await run("ffmpeg", ["-hide_banner", "-nostdin", ...args],
    { encoding: "buffer", maxBuffer: 1 << 28 });
  return { stdout, stderr: stderr.toString() };
};

export interface Source {
  picture: number; // the stream to compare with
  sound?: number;
  width: number; // as shown: upright, square pixels
  height: number;
  deep: boolean; // more than 8 bits, HDR, or partly see-through: not to be compared point by point
  matrix: string;
  range: string;
}

export interface Measured {
  ssim?: number;
  frames: [number, number]; // of the source, made
  seconds: [number, number];
  lufs?: [number, number];
  peak_dbtp?: number;
  shape_off: number; // how far the ratio of the sides is from the source's
  time_off_ms: number; // the frame that is furthest from its time
  sync_ms?: number; // how much later the sound is against the picture than in the source
  luma: [number, number]; // mean of the first frame, 0..255
}

// The streams as FFmpeg itself would choose them: the default one, then the largest.
export async function describe(file: string): Promise<Source> {
  const { stdout } = await run("ffprobe", ["-v", "error", "-show_streams", "-of", "json", file]);
  const streams: any[] = JSON.parse(stdout).streams;
  const best = (type: string, size: (s: any) => number) =>
    streams.filter((s) => s.codec_type === type && !s.disposition?.attached_pic && size(s) > 0)
      .sort((a, b) => (b.disposition.default - a.disposition.default) || size(b) - size(a))[0];
  const video = best("video", (s) => s.width * s.height);
  const audio = best("audio", (s) => s.channels);
  const turned = video.side_data_list?.some((d: any) => Math.abs(d.rotation ?? 0) % 180 === 90);
  const [num, den] = (video.sample_aspect_ratio ?? "1:1").split(":").map(Number);
  const wide = num > 0 && den > 0 ? video.width * num / den : video.width;
  const deep = /10|12|16/.test(video.pix_fmt ?? "") || video.tags?.alpha_mode === "1" || /2084|b67/.test(video.color_transfer ?? "");
  const said: string = video.color_space ?? "unknown";
  return {
    picture: video.index, sound: audio?.index, deep,
    width: turned ? video.height : wide, height: turned ? wide : video.height,
    matrix: said === "bt709" ? "bt709" : /bt470bg|smpte170m/.test(said) ? "bt601"
      : Math.min(video.width, video.height) >= 720 ? "bt709" : "bt601",
    range: video.color_range === "pc" ? "pc" : "tv",
  };
}

async function frameTimes(file: string, stream: number): Promise<number[]> {
  const { stderr } = await ffmpeg(["-v", "info", "-i", file, "-map", `0:${stream}`, "-vf", "showinfo", "-fps_mode", "passthrough", "-f", "null", "-"]);
  return [...stderr.matchAll(/pts_time:(-?[\d.]+)/g)].map((m) => Number(m[1]));
}

// When the last of the streams ends, from when the first starts, as their packets say.
async function endOf(file: string, streams: number[]): Promise<number> {
  const { stdout } = await run("ffprobe", ["-v", "error", "-show_entries", "packet=stream_index,pts_time,duration_time,flags",
    "-of", "csv=p=0", file], { maxBuffer: 1 << 28 });
  let first = Infinity, last = 0;
  for (const line of stdout.split("\n")) {
    const [stream, pts, duration, flags] = line.split(",");
    if (!streams.includes(Number(stream)) || flags?.includes("D") || Number.isNaN(Number(pts))) continue;
    first = Math.min(first, Number(pts));
    last = Math.max(last, Number(pts) + (Number(duration) || 0));
  }
  return last - first;
}

// As players are told: the last frame may be shown for longer than FFmpeg's packets say.
async function toldEnd(made: string): Promise<number> {
  const { stdout } = await run("ffprobe", ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", made]);
  return Number(stdout);
}

async function loudness(file: string, stream: number): Promise<{ lufs: number; peak: number }> {
  const { stderr } = await ffmpeg(["-v", "info", "-nostats", "-i", file, "-map", `0:${stream}`,
    "-af", "aformat=channel_layouts=stereo,ebur128=peak=true:framelog=verbose", "-f", "null", "-"]);
  const last = (pattern: RegExp) => Number([...stderr.matchAll(pattern)].at(-1)?.[1] ?? NaN);
  return { lufs: last(/I:\s+(-?[\d.]+|-inf) LUFS/g), peak: last(/Peak:\s+(-?[\d.]+) dBFS/g) };
}

// The loudness of each millisecond, from the start of the file.
async function envelope(file: string, stream: number): Promise<Float64Array> {
  const { stdout } = await ffmpeg(["-v", "error", "-i", file, "-map", `0:${stream}`, "-af",
    "aresample=8000:async=1:first_pts=0,aformat=channel_layouts=mono:sample_fmts=flt", "-t", "20", "-f", "f32le", "-"]);
  const samples = new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + (stdout.length & ~3)));
  const out = new Float64Array(Math.floor(samples.length / 8));
  for (let i = 0; i < out.length; ++i) {
    let energy = 0;
    for (let k = 0; k < 8; ++k) energy += samples[i * 8 + k] ** 2;
    out[i] = Math.log10(energy + 1e-7);
  }
  return out;
}

// By how many milliseconds `b` has to be moved back to fit `a` best; nothing when nothing fits. Of
// several that fit as well (a tone, a beat) the one nearest to what is expected.
function lag(a: Float64Array, b: Float64Array, expected: number): number | undefined {
  const length = Math.min(a.length, b.length);
  const reach = Math.min(200, Math.floor(length / 4));
  const fits: { shift: number; fit: number }[] = [];
  for (let shift = -reach; shift <= reach; ++shift) {
    let n = 0, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
    for (let i = Math.max(0, -shift); i < length - Math.max(0, shift); ++i) {
      const x = a[i], y = b[i + shift];
      n += 1; sa += x; sb += y; saa += x * x; sbb += y * y; sab += x * y;
    }
    const spread = Math.sqrt((saa - sa * sa / n) * (sbb - sb * sb / n));
    const fit = spread > 1e-9 ? (sab - sa * sb / n) / spread : -1;
    fits.push({ shift, fit });
  }
  const best = Math.max(...fits.map((f) => f.fit));
  if (!(best > 0.5)) return undefined;
  return fits.filter((f) => f.fit >= best - 0.01)
    .sort((x, y) => Math.abs(x.shift - expected) - Math.abs(y.shift - expected))[0].shift;
}

async function firstLuma(file: string, stream: number): Promise<number> {
  const { stdout } = await ffmpeg(["-v", "error", "-i", file, "-map", `0:${stream}`, "-frames:v", "1",
    "-vf", "scale=1:1:flags=area,format=gray", "-f", "rawvideo", "-"]);
  return stdout[0];
}

// Frame by frame, in the order shown: their times are measured on their own.
async function ssim(source: string, from: Source, made: string, width: number, height: number): Promise<number> {
  const { stderr } = await ffmpeg(["-v", "info", "-nostats", "-i", made, "-i", source, "-lavfi",
    `[0:v]settb=1/1000,setpts=N*40,format=yuv420p[m];` +
    `[1:${from.picture}]settb=1/1000,setpts=N*40,scale=${width}:${height}:flags=bicubic:in_color_matrix=${from.matrix}:` +
    `in_range=${from.range}:out_color_matrix=bt709:out_range=tv,format=yuv420p,setsar=1[s];[m][s]ssim`,
    "-fps_mode", "passthrough", "-f", "null", "-"]);
  return Number(stderr.match(/All:([\d.]+)/)?.[1] ?? NaN);
}

export async function measure(source: string, made: string, width: number, height: number): Promise<Measured> {
  const from = await describe(source);
  const to = await describe(made);
  const [a, b] = [await frameTimes(source, from.picture), await frameTimes(made, to.picture)];
  // FFmpeg counts from where the first stream starts, the priming of AAC included; so from the second
  // frame on: the first one is shown from the start, whenever it comes.
  const moved = a.length > 1 && b.length > 1 ? b[1] - a[1] : 0;
  let off = 0;
  for (let i = 1; i < Math.min(a.length, b.length); ++i) off = Math.max(off, Math.abs(b[i] - a[i] - moved));
  const out: Measured = {
    frames: [a.length, b.length],
    seconds: [await endOf(source, [from.picture, ...(from.sound === undefined ? [] : [from.sound])]),
      await toldEnd(made)],
    shape_off: Math.abs(width / height / (from.width / from.height) - 1),
    time_off_ms: Math.round(off * 1e4) / 10,
    luma: [await firstLuma(source, from.picture), await firstLuma(made, to.picture)],
  };
  if (!from.deep && a.length === b.length) out.ssim = await ssim(source, from, made, width, height);
  if (from.sound !== undefined && to.sound !== undefined) {
    const [before, after] = [await loudness(source, from.sound), await loudness(made, to.sound)];
    out.lufs = [before.lufs, after.lufs];
    if (Number.isFinite(after.peak)) out.peak_dbtp = after.peak;  // silence has none
    const late = lag(await envelope(source, from.sound), await envelope(made, to.sound), moved * 1000);
    if (late !== undefined) out.sync_ms = Math.round(late - moved * 1000);
  }
  return out;
}
