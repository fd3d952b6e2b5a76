// Four ways to play a video in Chromium, behind one face: the file itself, the browser's own HLS,
// hls.js and shaka-player. Runs within a page of the server's own origin and under its own policy:
// the page and the players' scripts are put there by interception, the media come from the server.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { BrowserContext } from "playwright-core";
import type { Server } from "../support/server.ts";

export const ways = ["file", "native hls", "hls.js", "shaka"] as const;
export type Way = (typeof ways)[number];

export interface Sides { width: number; height: number }

export interface State {
  levels: Sides[] | undefined; // once the first picture is there
  ended: boolean;
  seconds: number;
  duration: number;
  sides: Sides;
  frames: number;
  sound_bytes: number; // decoded
  played: [number, number][];
  errors: string[];
}

/** In the page, as `driver`. */
interface Driver {
  /** Loads it anew, at this level from the start, or at what the player begins with. */
  open(way: Way, url: string, level?: Sides): Promise<void>;
  /** From the next piece on. */
  choose(level: Sides): void;
  play(rate: number): void;
  state(): State;
}

const resolve = createRequire(import.meta.url).resolve;
const scripts: Record<string, string> = {
  "/players/hls.js": readFileSync(resolve("hls.js/dist/hls.min.js"), "utf8"),
  "/players/shaka.js": readFileSync(resolve("shaka-player/dist/shaka-player.compiled.js"), "utf8"),
};

/** Has `context` find the players' page at /players/ of the server. */
export async function put_players(context: BrowserContext, server: Server): Promise<void> {
  const policy = (await fetch(server.url + "/")).headers.get("content-security-policy");
  if (!policy) throw new Error("the server's pages have no content security policy");
  await context.route(`${server.url}/players/*`, (route) => {
    const script = scripts[new URL(route.request().url()).pathname];
    return route.fulfill(script === undefined
      ? { contentType: "text/html; charset=utf-8", headers: { "content-security-policy": policy }, body: page }
      : { contentType: "text/javascript; charset=utf-8", body: script });
  });
  await context.addInitScript(define);
}

const page = `<!doctype html><html lang="en"><title>Players</title><link rel="icon" href="/favicon.svg">
<script src="/players/hls.js"></script><script src="/players/shaka.js"></script>
<video muted playsinline></video></html>`;

// Serialised into the page: uses nothing from outside.
function define(): void {
  const scope = globalThis as any;
  const errors: string[] = [];
  const video = () => document.querySelector("video")! as any;
  let levels: State["levels"];
  let choose: Driver["choose"] = () => undefined;
  let close: () => Promise<void> | void = () => undefined;

  const event = (target: EventTarget, name: string) =>
    new Promise<void>((done) => target.addEventListener(name, () => done(), { once: true }));
  const same = (a: Sides, b: Sides) => a.width === b.width && a.height === b.height;
  const sides = (of: Sides[]): Sides[] => of.map(({ width, height }) => ({ width, height }));

  async function plain(url: string): Promise<Sides[]> {
    const ready = event(video(), "loadeddata");
    video().preload = "auto";
    video().src = url;
    await ready;
    return [];
  }

  async function hls_js(url: string, level?: Sides): Promise<Sides[]> {
    const Hls = scope.Hls;
    const hls = new Hls();
    hls.on(Hls.Events.ERROR, (_: unknown, data: any) => {
      // Told when a busy machine decodes more slowly than it should, and of what a change of level
      // gives up: no faults of the video, whose end is reached or not.
      const { BUFFER_STALLED_ERROR, INTERNAL_ABORTED } = Hls.ErrorDetails;
      if (!data.fatal && [BUFFER_STALLED_ERROR, INTERNAL_ABORTED].includes(data.details)) return;
      errors.push(`hls.js: ${data.fatal ? "fatal " : ""}${data.details} ${data.reason ?? data.error?.message ?? ""}`);
    });
    const index = (wanted: Sides) => hls.levels.findIndex((of: Sides) => same(of, wanted));
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      if (level) hls.loadLevel = index(level);
    });
    choose = (wanted) => void (hls.nextLevel = index(wanted));
    close = () => hls.destroy();
    const ready = event(video(), "loadeddata");
    hls.loadSource(url);
    hls.attachMedia(video());
    await ready;
    return sides(hls.levels);
  }

  async function shaka_player(url: string, level?: Sides): Promise<Sides[]> {
    const shaka = scope.shaka;
    shaka.polyfill.installAll();
    if (!shaka.Player.isBrowserSupported()) throw new Error("shaka-player does not know this browser");
    const player = new shaka.Player();
    player.addEventListener("error", ({ detail }: any) => errors.push(`shaka: ${detail.code} ${detail.message}`));
    player.configure("abr.enabled", false);
    player.configure("streaming.bufferingGoal", 1); // so that a change of size comes within a short clip
    if (level) { // what it begins with, also where it does not adapt; it takes the longer side for the width
      const [height, width] = [level.width, level.height].sort((a, b) => a - b);
      player.configure("abr.restrictions", { minWidth: width, maxWidth: width, minHeight: height, maxHeight: height });
    }
    choose = (wanted) => player.selectVariantTrack(player.getVariantTracks().find((of: Sides) => same(of, wanted)), false);
    close = () => player.destroy();
    const ready = event(video(), "loadeddata");
    await player.attach(video());
    await player.load(url);
    await ready;
    return sides(player.getVariantTracks());
  }

  const driver: Driver = {
    async open(way, url, level) {
      levels = undefined;
      await close();
      video().onerror = () => errors.push(`video: ${video().error?.code} ${video().error?.message}`);
      const ways = { "file": plain, "native hls": plain, "hls.js": hls_js, "shaka": shaka_player };
      levels = await ways[way](url, level).catch((error) => void errors.push(`${way}: ${error.message ?? error}`));
    },
    choose: (level) => choose(level),
    play(rate) {
      video().playbackRate = rate;
      video().play().catch((error: Error) => errors.push(`play: ${error.message}`));
    },
    state() {
      const { ended, currentTime, duration, videoWidth, videoHeight, played } = video();
      return {
        levels, ended, seconds: currentTime, duration,
        sides: { width: videoWidth, height: videoHeight },
        frames: video().getVideoPlaybackQuality().totalVideoFrames,
        sound_bytes: video().webkitAudioDecodedByteCount,
        played: Array.from({ length: played.length }, (_, i) => [played.start(i), played.end(i)]),
        errors,
      };
    },
  };
  scope.driver = driver;
}
