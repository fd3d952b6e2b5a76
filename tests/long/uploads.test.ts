// Thirty uploads at once of six people, the server killed (-9) ten times: while bytes arrive, while
// videos are published, while they are made. Whatever was accepted ends live and whole, or refused in
// words; nothing is left over, no job is stuck, and nobody's video is there twice.
//
// RONDO_UPLOAD_ROUNDS sets how often (1), RONDO_KILL_SEED the dice.
import { test } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Client, ProblemError } from "../support/client.ts";
import { dice } from "../support/dice.ts";
import { hasSharedData, Server, until } from "../support/server.ts";
import { clip, leftovers, publish, send, UploadError, uploadId } from "../support/upload.ts";

const skip = hasSharedData("clips") ? false : "the sample clips are not here (RONDO_SHARED_DATA)";
const rounds = Number(process.env.RONDO_UPLOAD_ROUNDS ?? 1);
const seed = Number(process.env.RONDO_KILL_SEED ?? Date.now() % 1_000_000);
const people = 6, killsSending = 5, killsMaking = 5, chunkSize = 128 << 10;
const broken = "cut-short.mp4";

interface Film { name: string; bytes: Buffer }
const films = (): Film[] => [
  ...["sio-ios9.mov", "sio-sideways.mov", "tc-h265-10bit.mp4", "tc-h264-10bit.mp4"].map((name) => ({ name, bytes: clip(name) })),
  { name: broken, bytes: clip("mdn-friday.mp4").subarray(0, 200_000) }, // to be refused
];

// A server that goes away in the middle answers nothing, or that it is not ready; whatever else it
// answers has to be right. 423: the dead connection's piece is still being taken in.
function gone(error: unknown): boolean {
  if (error instanceof UploadError) return error.status === undefined || [409, 423, 503].includes(error.status);
  if (error instanceof ProblemError) return error.status === 503;
  return (error instanceof TypeError && error.cause !== undefined) // fetch: the connection
    || (error as Error).name === "TimeoutError";
}

// The one that runs just now, if any.
class Stand {
  server?: Server;
  readonly data = mkdtempSync(join(tmpdir(), "rondo-thirty-"));
  readonly tokens: string[] = [];

  async start(): Promise<void> { this.server = await Server.start({ data: this.data }); }
  async kill(): Promise<void> {
    const dying = this.server!;
    this.server = undefined;
    await dying.kill();
  }
  async client(person: number): Promise<Client> {
    const server = await until("the server to be back", async () => this.server, 60_000);
    return new Client(server.url, this.tokens[person]);
  }
  async remove(): Promise<void> {
    await this.server?.stop();
    rmSync(this.data, { recursive: true, force: true });
  }
  waitingJobs(): unknown[] {
    const database = new DatabaseSync(join(this.data, "rondo.db"), { readOnly: true });
    try {
      return database.prepare("SELECT kind, job_key, state, error FROM jobs WHERE state IN (0, 1)").all();
    } finally {
      database.close();
    }
  }
}

async function round(stand: Stand, random: () => number): Promise<void> {
  await stand.start();
  for (let i = 0; i < people; ++i) stand.tokens.push((await new Client(stand.server!.url).signUp(`person_${i}`)).token!);

  let acknowledged = 0; // bytes
  let settled = 0;
  let unheard = 0; // uploads that may have been begun, but whose address nobody was told
  const heard = new Set<string>();

  async function bring(person: number, film: Film): Promise<string> {
    let path: string | undefined;
    let offset = 0;
    const reached = (now: number) => { acknowledged += now - offset; offset = now; };
    for (let sent = false; ;) {
      try {
        const by = await stand.client(person);
        if (!sent) {
          await send(by, film.bytes, {
            filename: film.name, chunkSize,
            ...(path === undefined ? {} : { uploadUrl: by.url + path }),
            onUrl: (url) => { path = new URL(url).pathname; heard.add(uploadId(url)); },
            onAcknowledged: reached,
          });
          sent = true;
          reached(film.bytes.length);
        }
        // Publishing is the same twice.
        return (await publish(by, basename(path!))).id;
      } catch (error) {
        if (!gone(error)) throw error;
        if (path === undefined) unheard += 1;
      }
    }
  }

  async function settle(person: number, video: string): Promise<any> {
    const end = await until(`video ${video} to end`, async () => {
      try {
        const now = await (await stand.client(person)).get(`/api/v1/videos/${video}`);
        return now.state !== "processing" && now;
      } catch (error) {
        if (!gone(error)) throw error;
        return undefined;
      }
    }, 6 * 60_000);
    settled += 1;
    return end;
  }

  const bytes = people * films().reduce((sum, film) => sum + film.bytes.length, 0);
  const total = people * films().length;
  const moments = Array.from({ length: killsSending }, () => (0.02 + random() * 0.9) * bytes).sort((a, b) => a - b);
  let kills = 0;
  const killer = async () => {
    for (; kills < killsSending + killsMaking; ++kills) {
      const making = kills - killsSending;
      await until(`moment ${kills} to come`, async () => making < 0 ? acknowledged >= moments[kills]
        : settled >= making * total / (killsMaking + 2) && readdirSync(join(stand.data, "work")).length > 0, 4 * 60_000);
      if (making >= 0) await new Promise((wake) => setTimeout(wake, random() * 700));
      await stand.kill();
      await stand.start();
    }
  };

  const [ends] = await Promise.all([
    Promise.all(stand.tokens.flatMap((_, person) => films().map(async (film) => {
      const id = await bring(person, film);
      return { film: film.name, video: await settle(person, id) };
    }))),
    killer(),
  ]);
  const live = ends.filter(({ video }) => video.state === "live").map(({ video }) => video.id);
  for (const { film, video } of ends) {
    assert.ok(["live", "refused"].includes(video.state), `${film}: ${video.state}`);
    if (film === broken) assert.equal(video.refusal?.code, "damaged", film);
    // A video that is worked on whenever the server dies is given up after its attempts, in words.
    else if (video.state === "refused") assert.equal(video.refusal.code, "processing_failed", `${film}: ${video.refusal.detail}`);
  }
  console.log(`${live.length} live, ${total - live.length} refused (${people} are damaged); ${kills} kills; ` +
    `${unheard} answers lost while an upload began`);
  assert.ok(live.length >= total - people - (killsSending + killsMaking) / 3, "given up without three kills each");

  for (let person = 0; person < people; ++person) {
    const own = (await (await stand.client(person)).get("/api/v1/accounts/me/videos")).items;
    assert.equal(own.length, films().length, "each once");
  }
  // Of an upload that nobody was told of, the empty beginning expires.
  const left = () => {
    const files = leftovers(stand.data, live);
    const begun = new Set(files.filter((file) => file.includes("/uploads/")).map((file) => basename(file).split(".")[0])
      .filter((id) => !heard.has(id)));
    return begun.size > unheard ? files : files.filter((file) => !begun.has(basename(file).split(".")[0]));
  };
  await until("nothing to be left over", async () => left().length === 0, 4 * 60_000)
    .catch((error) => { throw new Error(`${error.message}:\n${left().join("\n")}`); });
  await until("every job to end", async () => stand.waitingJobs().length === 0, 60_000)
    .catch((error) => { throw new Error(`${error.message}: ${JSON.stringify(stand.waitingJobs())}`); });

  // What is called live is whole, and stays so.
  await stand.kill();
  await stand.start();
  const anybody = await stand.client(0);
  for (const { film, video } of ends) {
    if (video.state !== "live") continue;
    const now = await anybody.get(`/api/v1/videos/${video.id}`);
    assert.equal(now.state, "live", film);
    assert.ok(now.preview_url, `${film}: its other renditions are missing`);
    for (const rendition of now.renditions) {
      const head = await anybody.raw("HEAD", rendition.url);
      assert.equal(Number(head.headers.get("content-length")), rendition.size_bytes, `${film}: ${rendition.url}`);
    }
  }
  assert.equal(left().length, 0, "nothing comes back");
}

for (let i = 0; i < rounds; ++i) {
  test(`thirty uploads at once, ten kills: round ${i + 1}`, { skip, timeout: 10 * 60_000 }, async () => {
    const stand = new Stand();
    console.log(`dice: RONDO_KILL_SEED=${seed + i}`);
    try {
      await round(stand, dice(seed + i));
    } finally {
      await stand.remove();
    }
  });
}
