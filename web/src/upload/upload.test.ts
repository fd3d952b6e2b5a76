import { beforeEach, describe, expect, it } from "vitest";
import { ApiError } from "../api/problem";
import { FakeClock, turn } from "../feed/testing";
import { en } from "../i18n/en";
import { first_trim, fit_trim, hashtags_of, objection } from "./limits";
import { difference, facts_of } from "./same_file";
import { facts, file, record, refused, video, World } from "./testing";
import { UploadJob, type UploadRecord, type UploadState } from "./upload_job";
import { JOBS_MAX, UploadQueue } from "./upload_queue";
import type { Kept } from "./upload_store";

let world: World;
let steps: string[];
let kept: number;

function job_of(with_record: UploadRecord, with_file?: File): UploadJob {
  return new UploadJob(
    {
      ...world.ports,
      changed: (job, keep) => {
        if (steps.at(-1) !== job.state.step) steps.push(job.state.step);
        if (keep) kept += 1;
      },
    },
    with_record,
    with_file,
  );
}
beforeEach(() => {
  world = new World();
  steps = [];
  kept = 0;
});

describe("a job", () => {
  it("goes from sending to live", async () => {
    const job = job_of(record(), file());
    job.start();
    world.listeners[0]?.at("/api/v1/uploads/u1");
    world.listeners[0]?.progress(0.4);
    world.listeners[0]?.done("u1");
    job.edit({ caption: "Hello #waves" });
    world.answers = [video("processing", { progress: 0, waiting: true })];
    job.post();
    await turn();
    expect(world.published).toEqual([{ upload_id: "u1", caption: "Hello #waves", language: "fr" }]);
    expect(job.state).toMatchObject({ step: "processing", waiting: true });
    world.watching?.video(video("processing", { progress: 0.6 }));
    expect(job.state).toMatchObject({ fraction: 0.6, waiting: false });
    world.watching?.video(video("live"));
    expect(steps).toEqual(["sending", "sent", "processing", "live"]);
    expect(job.over).toBe(true);
  });

  it("posts what was written while it was still sending, and no more of it can be changed", async () => {
    const job = job_of(record(), file());
    job.start();
    job.edit({ caption: "early", trim: { start_ms: 1000, end_ms: 4000 }, cover_ms: 2500 });
    job.post();
    job.edit({ caption: "late" });
    expect(world.published).toEqual([]);
    world.answers = [video("live")];
    world.listeners[0]?.done("u1");
    await turn();
    expect(world.published).toEqual([
      {
        upload_id: "u1", caption: "early", language: "fr",
        trim: { start_ms: 1000, end_ms: 4000 }, cover_ms: 1500, // of the published video
      },
    ]);
    expect(job.state.step).toBe("live");
  });

  it("says that the connection was cut, keeps the progress, and goes on", () => {
    const job = job_of(record(), file());
    job.start();
    world.listeners[0]?.progress(0.7);
    world.listeners[0]?.interrupted();
    expect(job.state).toEqual({ step: "sending", fraction: 0.7, interrupted: true });
    world.listeners[0]?.progress(0.71);
    expect(job.state).toMatchObject({ interrupted: false });
  });

  it("pauses, and goes on with the same transfer", () => {
    const job = job_of(record(), file());
    job.start();
    world.listeners[0]?.progress(0.3);
    job.pause();
    expect(job.state).toEqual({ step: "paused", fraction: 0.3 });
    expect(job.record.paused).toBe(true);
    world.listeners[0]?.progress(0.4); // of a piece that was on its way
    expect(job.state).toEqual({ step: "paused", fraction: 0.3 });
    job.resume();
    job.start();
    expect(world.log).toEqual(["start", "stop", "start"]);
    expect(world.listeners.length).toBe(1);
    expect(job.state).toMatchObject({ step: "sending", fraction: 0.3 });
  });

  it("gives the server's reason for a refusal, while sending and while processing", async () => {
    const detail = "This file is text, not a video. Choose a video file.";
    const job = job_of(record(), file());
    job.start();
    world.listeners[0]?.failed(refused(422, detail));
    expect(job.state).toEqual({ step: "refused", detail });

    const other = job_of(record({ upload_id: "u2", posted: true }));
    await turn(); // asked once too often: failed
    expect(other.state.step).toBe("failed");
    world.answers = [video("processing")];
    other.post();
    await turn();
    world.watching?.video(video("refused", { refusal: { code: "x", detail } }));
    expect(other.state).toEqual({ step: "refused", detail });
  });

  it("lets what is written be changed when publishing was refused", async () => {
    const job = job_of(record(), file());
    job.start();
    world.listeners[0]?.done("u1");
    job.edit({ caption: "one" });
    world.answers = [refused(422, "the caption has 2,001 characters"), video("live")];
    job.post();
    await turn();
    expect(job.state.step).toBe("failed");
    expect(job.record.posted).toBe(false);
    job.edit({ caption: "two" });
    job.post();
    await turn();
    expect(world.published.map((v) => v.caption)).toEqual(["one", "two"]);
    expect(job.state.step).toBe("live");
  });

  it("is posted again by trying again, when posting failed for the moment", async () => {
    const job = job_of(record({ upload_id: "u1", draft: { caption: "one" } }));
    world.answers = [new ApiError("timeout"), video("live")];
    job.post();
    await turn();
    expect(job.state.step).toBe("failed");
    job.edit({ caption: "two" }); // it may have arrived as it was
    job.retry();
    await turn();
    expect(world.published.map((v) => v.caption)).toEqual(["one", "one"]);
    expect(job.state.step).toBe("live");
  });

  it("begins anew, once by itself, when the server has let go of the upload", async () => {
    const job = job_of(record({ url: "/u/1", fraction: 0.6 }));
    job.attach(file(), facts("a"));
    job.start();
    world.listeners[0]?.failed(refused(404, "This upload does not exist, or has expired."));
    expect(job.state).toEqual({ step: "queued" });
    job.start();
    expect(world.urls).toEqual(["/u/1", undefined]);
    expect(job.record).toMatchObject({ fraction: 0 });
    world.listeners[1]?.at("/u/2");
    world.listeners[1]?.failed(refused(404, "again"));
    expect(job.state.step).toBe("failed");
    job.retry();
    expect(job.state.step).toBe("queued");

    const sent = job_of(record({ url: "/u/3", upload_id: "3", fraction: 1 }));
    world.answers = [refused(404, "This upload does not exist, or has expired.")];
    sent.post();
    await turn();
    expect(sent.state).toEqual({ step: "needs_file", fraction: 0 });
    expect(sent.record).not.toHaveProperty("url");
    expect(sent.record).not.toHaveProperty("upload_id");
    expect(sent.record.posted).toBe(false);
  });

  it("says that its video was deleted elsewhere, and deletes nothing more", async () => {
    const job = job_of(record({ upload_id: "u1", video_id: "v1" }));
    world.watching?.failed(refused(404, "there is no such video"));
    expect(job.state).toEqual({ step: "deleted" });
    expect(job.over).toBe(true);
    expect(await job.cancel()).toBe(true);
    expect(world.log).toEqual(["unfollow"]);
  });

  it("deletes the video when it is cancelled while it is being posted", async () => {
    let answer: (made: ReturnType<typeof video>) => void = () => undefined;
    world.ports.publish = () => new Promise((resolve) => (answer = resolve));
    const posting = job_of(record({ url: "/u/1", upload_id: "1" }));
    posting.post();
    const cancelled = posting.cancel();
    await turn();
    expect(world.log).toEqual([]);
    answer(video("processing"));
    expect(await cancelled).toBe(true);
    expect(world.log).toEqual(["delete v1", "unfollow"]);
  });

  it("stays, with the reason, when cancelling it failed", async () => {
    const job = job_of(record({ upload_id: "u1", video_id: "v1" }));
    world.deletions = [refused(503, "Busy.")];
    expect(await job.cancel()).toBe(false);
    expect(job.state).toMatchObject({ step: "failed", error: { status: 503 } });
    job.retry();
    expect(job.state.step).toBe("processing");
    world.deletions = [refused(404, "there is no such video")];
    expect(await job.cancel()).toBe(true);
    expect(job.over).toBe(true);
  });

  it("is taken up after a reload wherever it was", async () => {
    expect(job_of(record({ video_id: "v1", fraction: 1 })).state.step).toBe("processing");
    expect(job_of(record({ upload_id: "u1", fraction: 1 })).state.step).toBe("sent");
    world.answers = [video("live")];
    const posted = job_of(record({ upload_id: "u1", posted: true }));
    await turn();
    expect(posted.state.step).toBe("live");
    expect(job_of(record({ fraction: 0.4 })).state).toEqual({ step: "needs_file", fraction: 0.4 });
  });

  it("goes on from where it was with the same file, and with no other", () => {
    const job = job_of(record({ url: "/api/v1/uploads/u1", fraction: 0.4, file: facts("a", 100) }));
    expect(job.attach(file(), facts("b", 70))).toBe(false);
    expect(job.state).toMatchObject({ step: "needs_file", difference: "size" });
    expect(job.attach(file(), facts("b", 100))).toBe(false);
    expect(job.state).toMatchObject({ difference: "content", chosen: { name: "b.mp4" } });
    expect(job.attach(file(), { ...facts("a", 100), name: "renamed.mp4" })).toBe(true);
    job.start();
    expect(world.urls).toEqual(["/api/v1/uploads/u1"]);
  });

  it("leaves nothing behind when cancelled, and something to resume when only left", async () => {
    const job = job_of(record(), file());
    job.start();
    job.close();
    await job_of(record({ url: "/u/7" })).cancel();
    await job_of(record({ video_id: "v7" })).cancel();
    const sending = job_of(record(), file());
    sending.start();
    world.listeners[1]?.at("/u/8");
    await sending.cancel();
    expect(world.log).toEqual([
      "start", "stop", "forget /u/7", "delete v7", "unfollow", "start", "stop", "forget /u/8",
    ]);
  });
});

describe("the queue", () => {
  let store: Map<string, Kept>;
  let clock: FakeClock;
  let now_ms: number;
  let n: number;

  const open = (account = "ada") =>
    new UploadQueue(account, {
      job: world.ports,
      clock,
      wall_clock_ms: () => now_ms,
      new_id: () => `job-${++n}`,
      store: {
        all: () => Promise.resolve([...store.values()]),
        put: async (r, handle) => void store.set(r.id, { record: structuredClone(r), ...(handle ? { handle } : {}) }),
        remove: async (id) => void store.delete(id),
      },
    });
  const chosen = (print: string) => ({ file: file(print), facts: facts(print) });
  const states = (queue: UploadQueue): UploadState["step"][] => queue.jobs.map((job) => job.state.step);

  beforeEach(() => {
    store = new Map();
    clock = new FakeClock();
    now_ms = 1_000;
    n = 0;
  });

  it("sends two at a time and the others after them", () => {
    const queue = open();
    for (const print of ["a", "b", "c"]) expect(queue.add(chosen(print))).toBe("added");
    expect(states(queue)).toEqual(["sending", "sending", "queued"]);
    world.listeners[0]?.done("u1");
    expect(states(queue)).toEqual(["sent", "sending", "sending"]);
    queue.jobs[1]?.pause();
    queue.jobs[1]?.resume();
    expect(states(queue)).toEqual(["sent", "sending", "sending"]);
  });

  it("is bounded, and takes no file twice", () => {
    const queue = open();
    for (let i = 0; i < JOBS_MAX; i += 1) queue.add(chosen(`f${i}`));
    expect(queue.add(chosen("f0"))).toBe("known");
    expect(queue.add(chosen("one more"))).toBe("full");
    world.listeners[0]?.failed(refused(422, "no video"));
    expect(queue.add(chosen("one more"))).toBe("added");
  });

  it("survives a reload: what was sent goes on, and a file chosen again finds its upload", async () => {
    const queue = open();
    queue.add(chosen("a"));
    queue.add(chosen("b"));
    world.listeners[0]?.at("/u/1");
    world.listeners[0]?.progress(0.5);
    queue.jobs[0]?.edit({ caption: "half way" });
    world.listeners[1]?.at("/u/2");
    world.listeners[1]?.done("2");
    queue.close();
    await turn();

    const again = open();
    await again.restore();
    expect(states(again)).toEqual(["needs_file", "sent"]);
    expect(again.jobs[0]?.record).toMatchObject({ fraction: 0.5, draft: { caption: "half way" } });
    expect(again.add(chosen("a"))).toBe("attached");
    expect(states(again)).toEqual(["sending", "sent"]);
    expect(world.urls.at(-1)).toBe("/u/1");

    const other = open("bob");
    await other.restore();
    expect(other.jobs).toEqual([]); // not bob's
    now_ms += 25 * 60 * 60 * 1000;
    const late = open();
    await late.restore();
    await turn();
    expect(late.jobs).toEqual([]);
    expect(store.size).toBe(0); // the server has forgotten them, too
  });

  it("forgets what is done or removed", async () => {
    const queue = open();
    queue.add(chosen("a"));
    queue.add(chosen("b"));
    const [first, second] = queue.jobs;
    world.listeners[0]?.done("1");
    world.answers = [video("live")];
    first?.post();
    await turn();
    expect(states(queue)).toEqual(["live", "sending"]); // shown until it is put away
    world.listeners[1]?.at("/u/2");
    if (second) await queue.remove(second);
    await clock.pass(10_000);
    expect(store.size).toBe(0);
    expect(world.log.at(-1)).toBe("forget /u/2");
  });

  it("keeps a card whose upload the server did not give up, with the reason", async () => {
    const queue = open();
    queue.add(chosen("a"));
    const job = queue.jobs[0];
    world.listeners[0]?.at("/u/1");
    world.deletions = [new ApiError("unreachable")];
    if (job) await queue.remove(job);
    expect(queue.jobs).toEqual([job]);
    expect(job?.state).toMatchObject({ step: "failed", error: { kind: "unreachable" } });
    expect(store.size).toBe(1);
    job?.retry(); // goes on after all
    expect(states(queue)).toEqual(["sending"]);
    world.deletions = [refused(404, "there is no such upload")]; // as good as given up
    if (job) await queue.remove(job);
    await turn();
    expect(queue.jobs).toEqual([]);
    expect(store.size).toBe(0);
  });

  it("does nothing more once it is closed, be it while it was taken up or while something was posted", async () => {
    store.set("r1", { record: record({ upload_id: "u1", posted: true }) });
    const left = open();
    const restored = left.restore();
    left.close();
    await restored;
    expect(left.jobs).toEqual([]);
    expect(world.published).toEqual([]);

    const queue = open();
    queue.add(chosen("b"));
    world.listeners[0]?.done("u2");
    world.answers = [video("processing")];
    queue.jobs[0]?.post();
    queue.close();
    await turn();
    expect(world.watching).toBeUndefined();
    world.listeners[0]?.at("/u/late");
    expect([...store.keys()], "kept for their owner").toEqual(["r1", "job-1"]);
  });

  it("stores what is being typed a moment later, and at once when the page goes away", async () => {
    const queue = open();
    queue.add(chosen("a"));
    const typed = () => [...store.values()][0]?.record.draft.caption;
    queue.jobs[0]?.edit({ caption: "o" });
    queue.jobs[0]?.edit({ caption: "on" });
    expect(typed()).toBe("");
    await clock.pass(500);
    expect(typed()).toBe("on");
    queue.jobs[0]?.edit({ caption: "one" });
    queue.flush();
    expect(typed()).toBe("one");
    expect(clock.waiting).toBe(0);
  });
});

describe("limits", () => {
  const limits = { size_bytes_max: 2e9, duration_ms_max: 600_000, pixels_max: 4096 * 2304, frame_rate_max: 500, streams_max: 32, captions_bytes_max: 524_288, captions_languages_max: 20 };
  it("say the value beside the limit", () => {
    expect(objection({ size: 3e9 }, limits, en, "en")).toBe(
      "This file is 3 GB; the limit here is 2 GB. Make it smaller and try again.",
    );
    expect(objection({ size: 0 }, limits, en, "en")).toBe(en.upload.empty_file);
    expect(objection({ size: 2e9 }, limits, en, "en")).toBeUndefined();
  });
  it("trim what is too long, and nothing else", () => {
    expect(first_trim(600_000, limits)).toBeUndefined();
    expect(first_trim(undefined, limits)).toBeUndefined();
    expect(first_trim(600_001, limits)).toEqual({ start_ms: 0, end_ms: 600_000 });
  });
  it("keep a trim within the video, long enough and not too long, whatever is moved", () => {
    expect(fit_trim({ start_ms: 9_000, end_ms: 4_000 }, "start", 10_000, 60_000)).toEqual({ start_ms: 9_000, end_ms: 9_500 });
    expect(fit_trim({ start_ms: 9_900, end_ms: 10_000 }, "start", 10_000, 60_000)).toEqual({ start_ms: 9_500, end_ms: 10_000 });
    expect(fit_trim({ start_ms: 5_000, end_ms: 1_000 }, "end", 10_000, 60_000)).toEqual({ start_ms: 500, end_ms: 1_000 });
    expect(fit_trim({ start_ms: 0, end_ms: 10_000 }, "end", 10_000, 4_000)).toEqual({ start_ms: 6_000, end_ms: 10_000 });
    expect(fit_trim({ start_ms: 0, end_ms: 9_000 }, "start", 10_000, 4_000)).toEqual({ start_ms: 0, end_ms: 4_000 });
    expect(fit_trim({ start_ms: 0, end_ms: 300 }, "end", 300, 4_000)).toEqual({ start_ms: 0, end_ms: 300 });
    // Sliders stop at tenths of a second; the end is reached all the same.
    expect(fit_trim({ start_ms: 0, end_ms: 6_000 }, "end", 6_040, 60_000)).toEqual({ start_ms: 0, end_ms: 6_040 });
    expect(fit_trim({ start_ms: 0, end_ms: 5_900 }, "end", 6_040, 60_000)).toEqual({ start_ms: 0, end_ms: 5_900 });
    expect(fit_trim({ start_ms: 0, end_ms: 5_900 }, "end", 6_000, 60_000)).toEqual({ start_ms: 0, end_ms: 5_900 });
  });
  it("find topics once each", () => {
    expect(hashtags_of("A #Wave and a #wave, #été_2026 # no")).toEqual(["wave", "été_2026"]);
  });
});

describe("the same file", () => {
  const of = (bytes: Uint8Array<ArrayBuffer>, name: string) => facts_of(new File([bytes], name));
  it("is known by size and content, not by name", async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251);
    const begun = await of(bytes, "VID_1.mp4");
    expect(difference(begun, await of(bytes, "VID_1 (1).mp4"))).toBeUndefined();
    expect(difference(begun, await of(bytes.slice(1), "VID_1.mp4"))).toBe("size");
    for (const at of [0, 150_000, 299_999]) {
      const other = bytes.slice();
      other[at] = (other[at] ?? 0) ^ 1;
      expect(difference(begun, await of(other, "VID_1.mp4"))).toBe("content");
    }
  });
  it("may be small or empty", async () => {
    expect(difference(await of(new Uint8Array(0), "a"), await of(new Uint8Array(0), "b"))).toBeUndefined();
    expect(difference(await of(new Uint8Array([1]), "a"), await of(new Uint8Array([2]), "a"))).toBe("content");
  });
});
