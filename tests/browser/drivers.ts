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
  ready: boolean; // a picture is there
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
  open(way: Way, url: string): Promise<Sides[]>; // the levels
  /** From the start at once, while it stands there; or from the next piece on. */
  choose(level: number, at_once: boolean): void;
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
  let choose: Driver["choose"] = () => undefined;

  const event = (target: EventTarget, name: string) =>
    new Promise<void>((done) => target.addEventListener(name, () => done(), { once: true }));

  async function plain(url: string): Promise<Sides[]> {
    const ready = event(video(), "loadeddata");
    video().preload = "auto";
    video().src = url;
    await ready;
    return [];
  }

  async function hls_js(url: string): Promise<Sides[]> {
    const Hls = scope.Hls;
    const hls = new Hls();
    hls.on(Hls.Events.ERROR, (_: unknown, data: any) => {
      // Told when a busy machine decodes more slowly than it should, and of what a change of level
      // gives up: no faults of the video, whose end is reached or not.
      const { BUFFER_STALLED_ERROR, INTERNAL_ABORTED } = Hls.ErrorDetails;
      if (!data.fatal && [BUFFER_STALLED_ERROR, INTERNAL_ABORTED].includes(data.details)) return;
      errors.push(`hls.js: ${data.fatal ? "fatal " : ""}${data.details} ${data.reason ?? data.error?.message ?? ""}`);
    });
    choose = (level, at_once) => {
      if (!at_once) return void (hls.nextLevel = level);
      const show = (_: unknown, { frag }: any) => {
        if (frag.level !== level) return;
        hls.off(Hls.Events.FRAG_BUFFERED, show);
        video().currentTime = 0; // what stands keeps its picture until it is decoded anew
      };
      hls.on(Hls.Events.FRAG_BUFFERED, show);
      hls.currentLevel = level;
    };
    const ready = event(video(), "loadeddata");
    hls.loadSource(url);
    hls.attachMedia(video());
    await ready;
    return hls.levels.map(({ width, height }: Sides) => ({ width, height }));
  }

  async function shaka_player(url: string): Promise<Sides[]> {
    const shaka = scope.shaka;
    shaka.polyfill.installAll();
    if (!shaka.Player.isBrowserSupported()) throw new Error("shaka-player does not know this browser");
    const player = new shaka.Player();
    player.addEventListener("error", ({ detail }: any) => errors.push(`shaka: ${detail.code} ${detail.message}`));
    player.configure("abr.enabled", false);
    player.configure("streaming.bufferingGoal", 1); // so that a change of size comes within a short clip
    const ready = event(video(), "loadeddata");
    await player.attach(video());
    await player.load(url);
    await ready;
    const tracks = player.getVariantTracks();
    choose = (level, at_once) => {
      const { width, height } = tracks[level];
      const track = player.getVariantTracks().find((now: Sides) => now.width === width && now.height === height);
      player.selectVariantTrack(track, at_once);
    };
    return tracks.map(({ width, height }: Sides) => ({ width, height }));
  }

  const driver: Driver = {
    async open(way, url) {
      video().addEventListener("error", () => errors.push(`video: ${video().error?.code} ${video().error?.message}`));
      if (way === "hls.js") return await hls_js(url);
      if (way === "shaka") return await shaka_player(url);
      return await plain(url);
    },
    choose: (level, at_once) => choose(level, at_once),
    play(rate) {
      video().playbackRate = rate;
      video().play().catch((error: Error) => errors.push(`play: ${error.message}`));
    },
    state() {
      const { readyState, ended, currentTime, duration, videoWidth, videoHeight, played } = video();
      return {
        ready: readyState >= 2, ended, seconds: currentTime, duration,
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
