// A load on a server that may die at any moment, and the ledger of what it has acknowledged.
//
// Each part of the load is a loop that ends when the server is gone or `stop` is asked for, and goes
// on with the next server where it stood, as a real client does: what was not acknowledged is sent
// again under the same ids. What was acknowledged is written down, and held against the server.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Client, eventId, ProblemError } from "../support/client.ts";
import { until } from "../support/server.ts";

export interface Running { url: string; stopping: boolean }

interface Batch { token: string; events: object[]; offset: number }
interface Shown { token: string; page: any }

// How a request ended. A server that dies gives no answer; every answer but "busy" has to be right.
async function ask<T>(running: Running, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ProblemError) {
      if (error.status !== 503) throw error;
      await new Promise((wake) => setTimeout(wake, 20));
    } else if (error instanceof assert.AssertionError || (error as Error).name === "TimeoutError") {
      throw error; // an answer that is wrong, or none from a server that lives
    } else {
      running.stopping = true; // no answer: it is gone
    }
    return undefined;
  }
}

async function each<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => { while (next < items.length) await work(items[next++]); };
  await Promise.all(Array.from({ length: 8 }, worker));
}

export class Ledger {
  readonly batches: Batch[] = [];
  readonly pages: Shown[] = [];
  readonly likes = new Map<string, Map<string, boolean>>(); // token -> video -> liked
  readonly views = new Map<string, number>(); // video -> views counted
  readonly counts = new Map<string, { likes: number; views: number }>(); // before the load
  private checkedBatches = 0;
  private checkedPages = 0;

  // What every video counted before the load began.
  async begin(client: Client): Promise<void> {
    for (let cursor = ""; ;) {
      const page = await client.get(`/api/v1/feeds/latest?limit=12${cursor && `&cursor=${cursor}`}`);
      for (const { video } of page.items) this.counts.set(video.id, { likes: video.likes, views: video.views });
      if (!page.next_cursor) return;
      cursor = encodeURIComponent(page.next_cursor);
    }
  }

  acknowledge(token: string, events: any[], offset: number): void {
    this.batches.push({ token, events, offset });
    for (const event of events) {
      if (event.type === "watch" && event.loops > 0) {
        this.views.set(event.video_id, (this.views.get(event.video_id) ?? 0) + 1);
      }
      if (event.type === "like" || event.type === "unlike") {
        const mine = this.likes.get(token) ?? this.likes.set(token, new Map()).get(token)!;
        mine.set(event.video_id, event.type === "like");
      }
    }
  }

  // Everything since the last check, or all of it, as far back as the log knows a message again
  // (65,536 of them): what is older was checked when it was young. A batch that is there is answered with the very
  // offset that was acknowledged; one that was lost would be stored anew, at another.
  async check(url: string, all: boolean): Promise<void> {
    const newest = Math.max(...this.batches.slice(-1000).map((batch) => batch.offset));
    const batches = this.batches.slice(all ? 0 : this.checkedBatches)
      .filter((batch) => batch.offset > newest - 60_000);
    const pages = this.pages.slice(all ? 0 : this.checkedPages);
    await each(batches, async ({ token, events, offset }) => {
      const receipt = await new Client(url, token).post("/api/v1/events", { events });
      assert.equal(receipt.offset, offset, "an acknowledged batch is where it was acknowledged");
    });
    await each(pages, async ({ token, page }) => {
      const receipt = await new Client(url, token).get(`/api/v1/feeds/pages/${page.page_id}`);
      assert.equal(receipt.offset, page.offset);
      assert.deepEqual(receipt.slots.map((s: any) => [s.slot, s.video_id, s.source, s.score]),
        page.items.map((i: any) => [i.slot, i.video.id, i.source, i.score]), `page ${page.page_id}`);
    });
    this.checkedBatches = this.batches.length;
    this.checkedPages = this.pages.length;
  }

  // The projections: who liked what, and every count exactly, nothing lost and nothing twice.
  async checkCounts(url: string): Promise<void> {
    const liked = new Map<string, number>();
    for (const mine of this.likes.values()) {
      for (const [video, is] of mine) if (is) liked.set(video, (liked.get(video) ?? 0) + 1);
    }
    await each([...this.counts], async ([video, before]) => {
      const expected = { likes: before.likes + (liked.get(video) ?? 0), views: before.views + (this.views.get(video) ?? 0) };
      let last: any;
      await until(`the counts of ${video}`, async () => {
        last = await new Client(url).get(`/api/v1/videos/${video}`);
        return last.likes >= expected.likes && last.views >= expected.views;
      }).catch(() => {});
      assert.deepEqual({ likes: last.likes, views: last.views }, expected, `counts of ${video}`);
    });
    await each([...this.likes], async ([token, mine]) => {
      for (const [video, is] of mine) {
        assert.equal((await new Client(url, token).get(`/api/v1/videos/${video}`)).liked, is);
      }
    });
  }
}

// One screen: a person watches until everything is seen, then another one comes.
export class Watcher {
  private readonly ledger: Ledger;
  private token: string | undefined;
  private offset: number | undefined;
  private queue: { page: string; slot: number; video: any }[] = [];
  private pending: any[] = []; // sent, not acknowledged
  private readonly random: () => number;
  constructor(ledger: Ledger, random: () => number) {
    this.ledger = ledger;
    this.random = random;
  }

  async run(running: Running): Promise<void> {
    while (!running.stopping) {
      const client = new Client(running.url, this.token);
      if (!this.token) {
        await ask(running, async () => { await client.anonymous(); this.token = client.token; });
      } else if (this.pending.length > 0) {
        await ask(running, async () => {
          const receipt = await client.post("/api/v1/events", { events: this.pending });
          assert.equal(receipt.accepted, this.pending.length);
          this.ledger.acknowledge(this.token!, this.pending, receipt.offset);
          this.offset = Math.max(this.offset ?? 0, receipt.offset);
          this.pending = [];
        });
      } else if (this.queue.length < 2) {
        await this.nextPage(running, client);
      } else {
        this.swipe();
      }
    }
  }

  private async nextPage(running: Running, client: Client): Promise<void> {
    const query = new URLSearchParams({ limit: "6" });
    if (this.offset !== undefined) query.set("after_offset", String(this.offset));
    if (this.queue.length > 0) query.set("held", this.queue.map((s) => `${s.page}:${s.slot}`).join(","));
    const page = await ask(running, () => client.get(`/api/v1/feeds/for_you?${query}`));
    if (!page || page.fallback) return;
    this.ledger.pages.push({ token: this.token!, page });
    this.offset = Math.max(this.offset ?? 0, page.offset);
    this.queue = [...this.queue, ...page.items.map((i: any) => ({ page: page.page_id, slot: i.slot, video: i.video }))];
    if (page.items.length > 0) return;
    // All is seen: the next person.
    this.token = this.offset = undefined;
    this.queue = [];
  }

  private swipe(): void {
    const { page, slot, video } = this.queue.shift()!;
    const event = (type: string, more = {}) => ({ id: eventId(), type, video_id: video.id, page_id: page, slot, ...more });
    const whole = this.random() < 0.4;
    this.pending = [event("impression"), event("watch", whole
      ? { watch_ms: video.duration_ms, loops: 1, skipped: false } : { watch_ms: 600, loops: 0, skipped: true })];
    if (whole && this.random() < 0.5) this.pending.push(event("like"));
    if (whole && this.random() < 0.1) this.pending.push(event("unlike"));
  }
}

const tusHeaders = { "tus-resumable": "1.0.0" };

interface Sent {
  path: string;
  bytes: Buffer;
  real: boolean;
  acknowledged: number;
  ending: boolean; // publication, or giving it up, has been asked for
  end?: "deleted" | "published"; // and acknowledged
}

// Uploads files in pieces, over and over: a real one, which is published, whenever the one before has
// come to its end; else one that is given up.
export class Uploader {
  readonly uploads: Sent[] = [];
  readonly videos: { id: string; upload: string; kills: number; ended: boolean }[] = [];
  private readonly token: string;
  private readonly video: Buffer;
  private readonly pieceBytes: number;
  private current: Sent | undefined;
  constructor(token: string, video: Buffer, pieceBytes: number) {
    this.token = token;
    this.video = video;
    this.pieceBytes = pieceBytes;
  }

  killed(): void { for (const video of this.videos) if (!video.ended) ++video.kills; }

  async run(running: Running): Promise<void> {
    while (!running.stopping) {
      if (!this.current) await this.create(running);
      else if (this.current.acknowledged < this.current.bytes.length) await this.piece(running);
      else await this.finish(running);
    }
  }

  private async request(running: Running, method: string, path: string, headers: Record<string, string>, body?: Buffer) {
    return await ask(running, async () => await fetch(running.url + path, { method, headers: {
      authorization: `Bearer ${this.token}`, ...tusHeaders, ...headers }, body: body && new Uint8Array(body),
      signal: AbortSignal.timeout(30_000) }));
  }

  private async create(running: Running): Promise<void> {
    const last = this.videos.at(-1);
    if (last && !last.ended) {
      const state = await ask(running, () => new Client(running.url, this.token).get(`/api/v1/videos/${last.id}`));
      last.ended = state !== undefined && state.state !== "processing";
    }
    const real = last?.ended ?? true;
    const bytes = real ? this.video : Buffer.concat([this.video.subarray(0, 4096), randomBytes(500_000)]);
    const response = await this.request(running, "POST", "/api/v1/uploads", { "upload-length": String(bytes.length) });
    if (!response) return;
    assert.equal(response.status, 201);
    this.current = { path: response.headers.get("location")!, acknowledged: 0, bytes, real, ending: false };
    this.uploads.push(this.current);
  }

  private async piece(running: Running): Promise<void> {
    const now = this.current!;
    const response = await this.request(running, "PATCH", now.path, { "upload-offset": String(now.acknowledged),
      "content-type": "application/offset+octet-stream" }, now.bytes.subarray(now.acknowledged, now.acknowledged + this.pieceBytes));
    if (!response) return;
    // The server may hold more than it came to acknowledge: its answer says where to go on.
    if (response.status === 409) return await this.resume(running);
    assert.equal(response.status, 204, await response.text());
    now.acknowledged = Number(response.headers.get("upload-offset"));
  }

  private async resume(running: Running): Promise<void> {
    const now = this.current!;
    const response = await this.request(running, "HEAD", now.path, {});
    if (!response) return;
    assert.equal(response.status, 200);
    const offset = Number(response.headers.get("upload-offset"));
    assert.ok(offset > now.acknowledged, `the server has ${offset} of ${now.acknowledged} acknowledged bytes`);
    now.acknowledged = offset;
  }

  private async finish(running: Running): Promise<void> {
    const now = this.current!;
    now.ending = true;
    if (now.real) {
      const video = await ask(running, () => new Client(running.url, this.token).post("/api/v1/videos",
        { upload_id: now.path.split("/").pop(), caption: "under load #kill" }));
      if (!video) return;
      this.videos.push({ id: video.id, upload: now.path.split("/").pop()!, kills: 0, ended: false });
      now.end = "published";
    } else {
      const response = await this.request(running, "DELETE", now.path, {});
      if (!response) return;
      assert.ok([204, 404].includes(response.status)); // 404: it was done, and the answer lost
      now.end = "deleted";
    }
    this.current = undefined;
  }

  // Every byte that was acknowledged is there; what was given up is gone.
  async check(url: string, all: boolean): Promise<void> {
    const client = new Client(url, this.token);
    for (const upload of all ? this.uploads : this.uploads.slice(-4)) {
      if (upload.end === "published") continue;
      const response = await client.raw("HEAD", upload.path, undefined, tusHeaders);
      if (upload.end === "deleted") {
        assert.equal(response.status, 404);
      } else if (response.status === 404) {
        assert.ok(upload.ending, `upload ${upload.path} is lost`);
      } else {
        assert.equal(response.status, 200);
        const offset = Number(response.headers.get("upload-offset"));
        assert.ok(offset >= upload.acknowledged, `${offset} of ${upload.acknowledged} acknowledged bytes`);
      }
    }
    for (const video of all ? this.videos : this.videos.slice(-2)) {
      await client.get(`/api/v1/videos/${video.id}`);
    }
  }

  // What was accepted for publication ends: live, unless the work was killed as often as it may be.
  async checkVideos(url: string, attemptsMax: number, all: boolean): Promise<{ live: number; refused: number }> {
    const client = new Client(url, this.token);
    const out = { live: 0, refused: 0 };
    for (const one of all ? this.videos : this.videos.slice(-1)) {
      const video = await until(`video ${one.id} to be live`, async () => {
        const now = await client.get(`/api/v1/videos/${one.id}`);
        return now.state !== "processing" && now;
      }, 60_000);
      one.ended = true;
      if (video.state === "live") {
        ++out.live;
        assert.equal((await client.raw("GET", video.renditions[0].url)).status, 200);
      } else {
        ++out.refused;
        assert.equal(video.refusal.code, "processing_failed", JSON.stringify(video.refusal));
        assert.ok(one.kills >= attemptsMax, `video ${one.id} was given up after ${one.kills} kills: ${video.refusal.detail}`);
      }
      const again = await client.post("/api/v1/videos", { upload_id: one.upload, caption: "under load #kill" });
      assert.equal(again.id, one.id, "published once");
    }
    return out;
  }
}

// Follows and unfollows: each a transaction with its record in the outbox.
export class Follower {
  private readonly token: string;
  private readonly handles: string[];
  private readonly following = new Map<string, boolean>();
  private turn = 0;
  constructor(token: string, handles: string[]) {
    this.token = token;
    this.handles = handles;
  }

  async run(running: Running): Promise<void> {
    while (!running.stopping) {
      const handle = this.handles[this.turn % this.handles.length];
      const follow = !this.following.get(handle);
      await ask(running, async () => {
        await new Client(running.url, this.token).call(follow ? "PUT" : "DELETE", `/api/v1/accounts/${handle}/follow`);
        this.following.set(handle, follow);
        ++this.turn;
      });
      await new Promise((wake) => setTimeout(wake, 15));
    }
  }

  async check(url: string): Promise<void> {
    // The one whose answer was out may be either.
    const open = this.handles[this.turn % this.handles.length];
    for (const [handle, is] of this.following) {
      if (handle === open) continue;
      const profile = await new Client(url, this.token).get(`/api/v1/accounts/${handle}`);
      assert.equal(profile.following, is, handle);
    }
  }
}
