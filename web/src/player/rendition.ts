// Which rendition of a video to play: the smallest that fills the screen, less on a slow network.
import type { Rendition } from "../api/types";

export interface Viewing {
  /** The player's size in device pixels. */
  width_px: number;
  height_px: number;
  /** Measured or told by the browser; undefined: unknown. */
  downlink_bps?: number | undefined;
  save_data?: boolean;
  /** Whether the browser plays AV1. */
  av1?: boolean;
}

const HEADROOM = 0.75; // of the downlink: the next clip is fetched beside the current one
const NEARLY = 0.85; // of the wanted size: the eye does not see the rest
const SAVE_DATA_SHORT_SIDE = 480;

const short_side = (rendition: Rendition) => Math.min(rendition.width, rendition.height);

export function choose_rendition(
  renditions: readonly Rendition[],
  viewing: Viewing,
): Rendition | undefined {
  // Of one size, AV1 first: the same picture in fewer bytes.
  const by_size = renditions
    .filter((rendition) => rendition.codec === "h264" || viewing.av1)
    .sort((a, b) => short_side(a) - short_side(b) || a.codec.localeCompare(b.codec));
  const first = by_size[0];
  if (!first) return undefined;
  const affordable = by_size.filter(
    (rendition) =>
      rendition === first ||
      ((viewing.downlink_bps === undefined ||
        rendition.bandwidth_bps <= HEADROOM * viewing.downlink_bps) &&
        (!viewing.save_data || short_side(rendition) <= SAVE_DATA_SHORT_SIDE)),
  );
  const fills = affordable.find((rendition) => {
    const scale = Math.min(
      viewing.width_px / rendition.width,
      viewing.height_px / rendition.height,
    );
    return scale * NEARLY <= 1;
  });
  return fills ?? affordable.at(-1);
}

interface NetworkInformation {
  downlink?: number; // Mbit/s, capped at 10 by the browser, so 10 means "at least"
}

/** What the browser tells about screen and network. */
export function viewing_of(width: number, height: number, save_data: boolean): Viewing {
  const network = (navigator as Navigator & { connection?: NetworkInformation }).connection;
  const downlink = network?.downlink;
  return {
    width_px: width * devicePixelRatio,
    height_px: height * devicePixelRatio,
    downlink_bps: downlink !== undefined && downlink < 10 ? downlink * 1e6 : undefined,
    save_data,
    av1: plays_av1(),
  };
}

let av1: boolean | undefined;
function plays_av1(): boolean {
  av1 ??= document.createElement("video").canPlayType('video/mp4; codecs="av01.0.08M.08"') === "probably";
  return av1;
}
