// Whatever is live plays to its end in the players that people have: <video> on the file itself, the
// browser's own HLS, hls.js and shaka-player, each at every size on offer and across a change of size.
// A few unlike clips; with RONDO_PLAYERS=all every one that the server takes. RONDO_CLIPS: a regular
// expression, to look at some of them only. The table is kept in build/artifacts/players.json.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { Client } from "../support/client.ts";
import { hasSharedData, root, Server, until } from "../support/server.ts";
import { clip, clips, finished, publish, send, settled, UploadError } from "../support/upload.ts";
import { launch, with_tab, type Tab } from "./chromium.ts";
import { put_players, ways, type Sides, type State, type Way } from "./drivers.ts";

const skip = hasSharedData("clips") ? false : "the sample clips are not here (RONDO_SHARED_DATA)";
const all = process.env.RONDO_PLAYERS === "all";
const wanted = new RegExp(process.env.RONDO_CLIPS ?? "");

const unlike = [
  "c2pa-video1-unsigned.mp4", // portrait
  "mdn-flower.mp4", // landscape
  "sio-sideways.mov", // turned by its matrix, variable frame rate
  "exo-vp9-10bit.webm", // no sound, variable frame rate, 10 bit
  "exo-hdr10.mp4", // HDR
  "exo-dolbyvision.mov", // three frames
  "tmk-chair22-grey.mp4", // a sound that is ready long before the picture, over many pieces
];
const files = (all && !skip ? readdirSync(clips).filter((name) => /\.\w{2,4}$/.test(name) && !name.endsWith(".md")).sort() : unlike)
  .filter((name) => wanted.test(name));

const APART_S = 0.2; // of the end, where playing may end
const LASTS_S = 5; // a clip that is longer plays faster, up to
const RATE_MAX = 4;
const SEAM_S = 5; // from this length on, a change of size asked for in the first third comes before the end

let data: string;
let server: Server;
let browser: Browser;
let client: Client;
const rows: object[] = [];
before(async () => {
  if (skip) return;
  data = mkdtempSync(join(tmpdir(), "rondo-players-"));
  server = await Server.start({ data, args: ["--uploads.open_per_account_max=1000"] });
  browser = await launch();
  client = await new Client(server.url).signUp("player");
});
after(async () => {
  await browser?.close();
  await server?.stop();
  if (data) rmSync(data, { recursive: true, force: true });
});

/** Live with all its sizes; undefined when it was refused. */
async function made(file: string): Promise<any> {
  try {
    const upload = await send(client, clip(file), { filename: file });
    const { id } = await publish(client, upload, file);
    if ((await settled(client, id, 240_000)).state === "refused") return undefined;
    return await finished(client, data, id, upload);
  } catch (error) {
    if (error instanceof UploadError && error.problem?.detail) return undefined;
    throw error;
  }
}

const state = (tab: Tab): Promise<State> => tab.page.evaluate(() => (globalThis as any).driver.state());
const text = ({ width, height }: Sides) => `${width}x${height}`;

/** To the end; what was seen on the way. */
async function play(video: any, way: Way, rate: number): Promise<State & { sizes: string[] }> {
  return await with_tab(browser, server, "/players/", { prepare: (context) => put_players(context, server) }, async (tab) => {
    const url = way === "file" ? video.renditions[0].url : video.hls_url;
    const open = async (level?: Sides): Promise<Sides[]> => {
      await tab.page.evaluate(([way, url, level]) => void (globalThis as any).driver.open(way, url, level), [way, url, level] as const);
      return await until(`a first picture${level ? ` of ${text(level)}` : ""}`, async () => (await no_errors()).levels)
        .catch(async (error) => { throw new Error(`${error.message}: ${JSON.stringify(await state(tab))}`); });
    };
    const no_errors = async () => {
      const now = await state(tab);
      assert.deepEqual(now.errors, [], `at ${now.seconds} s`);
      return now;
    };

    const levels = await open();
    const sizes = new Set([text((await no_errors()).sides)]);
    const by_size = levels.toSorted((a, b) => a.width - b.width);
    // Each for itself, the smallest last.
    for (const level of by_size.toReversed()) {
      await open(level);
      sizes.add(text((await no_errors()).sides));
    }
    await tab.page.evaluate((rate) => (globalThis as any).driver.play(rate), rate);
    const { duration } = await state(tab);
    if (levels.length > 1) {
      await until("a third", async () => (await no_errors()).seconds >= duration / 3, 30_000 + 2000 * duration);
      await tab.page.evaluate((level) => (globalThis as any).driver.choose(level), by_size.at(-1)!);
    }
    const end = await until("the end", async () => {
      const now = await no_errors();
      return now.ended && now;
    }, 30_000 + 2000 * duration)
      .catch(async (error) => { throw new Error(`${error.message}: ${JSON.stringify(await state(tab))}`); });
    return { ...end, sizes: [...sizes] };
  });
}

for (const file of files) {
  test(`${file} plays to its end`, { skip, timeout: 15 * 60_000 }, async (t) => {
    const video = await made(file);
    if (!video) {
      assert.ok(all, "it was refused");
      return t.skip("refused");
    }
    const seconds = video.duration_ms / 1000;
    const rate = Math.min(RATE_MAX, Math.max(1, seconds / LASTS_S));
    const playlist: string = await (await client.raw("GET", video.hls_url)).text();
    const has_sound = playlist.includes("mp4a");
    const offered = video.renditions.map(text).sort();
    for (const way of ways) {
      await t.test(way, async () => {
        const seen = await play(video, way, rate);
        const played = seen.played.reduce((sum, [from, to]) => sum + to - from, 0);
        rows.push({ file, way, rate, told_seconds: seconds, ...seen });
        assert.ok(Math.abs(seen.duration - seconds) <= 0.1, `it takes itself for ${seen.duration} s, not ${seconds}`);
        assert.ok(seen.duration - seen.seconds <= APART_S, `it ended at ${seen.seconds} of ${seen.duration} s`);
        // Played, not jumped over.
        assert.ok(played >= seen.duration - APART_S, `only ${played} of ${seen.duration} s were played`);
        assert.ok(seen.frames > 0, "no frame was decoded");
        assert.equal(seen.sound_bytes > 0, has_sound, `${seen.sound_bytes} bytes of sound were decoded`);
        if (way === "hls.js" || way === "shaka") {
          assert.deepEqual(seen.sizes.sort(), offered);
          if (seconds >= SEAM_S) assert.equal(text(seen.sides), text(video.renditions[0]), "it ended small");
        }
        if (way === "file") assert.deepEqual(seen.sizes, [text(video.renditions[0])]);
      });
    }
  });
}

test("the table is kept", { skip }, () => {
  mkdirSync(join(root, "build/artifacts"), { recursive: true });
  writeFileSync(join(root, "build/artifacts/players.json"), JSON.stringify(rows, null, 1) + "\n");
});
