import { beforeEach, describe, expect, it } from "vitest";
import { ApiError } from "../api/problem";
import type { NewVideo, Video } from "../api/types";
import { FakeClock, item, turn } from "../feed/testing";
import { en } from "../i18n/en";
import { hashtags_of, objection } from "./limits";
import { unfinished_uploads } from "./unfinished";
import { type TransferListener, UploadJob, type UploadState } from "./upload_job";

const video = (state: Video["state"], more: Partial<Video> = {}): Video => ({ ...item("v1").video, state, ...more });

let clock: FakeClock;
let listener: TransferListener;
let starts: number;
let aborted: boolean[];
let published: NewVideo[];
let answers: (Video | ApiError)[];
let steps: UploadState[];
let job: UploadJob;

const next = () => {
  const answer = answers.shift();
  if (!answer) throw new Error("asked once too often");
  return answer instanceof ApiError ? Promise.reject(answer) : Promise.resolve(answer);
};

beforeEach(() => {
  clock = new FakeClock();
  starts = 0;
  aborted = [];
  published = [];
  answers = [];
  steps = [];
  job = new UploadJob(
    {
      clock,
      language: () => "fr",
      transfer(l) {
        listener = l;
        return { start: () => (starts += 1), abort: (forget) => aborted.push(forget) };
      },
      publish: (v) => (published.push(v), next()),
      video: next,
    },
    (state) => steps.push(state),
  );
});

describe("a job", () => {
  it("goes from sending to live", async () => {
    answers = [video("processing", { progress: 0 }), video("processing", { progress: 0.6 }), video("live")];
    listener.progress(0.4);
    listener.done("u1");
    job.post("Hello #waves");
    await turn();
    expect(published).toEqual([{ upload_id: "u1", caption: "Hello #waves", language: "fr" }]);
    await clock.pass(3000);
    expect(steps.map((s) => s.step)).toEqual(["sending", "sent", "processing", "processing", "live"]);
  });

  it("posts what was written while it was still sending", async () => {
    answers = [video("live")];
    job.post("early");
    expect(job.posted).toBe(true);
    expect(published).toEqual([]);
    listener.done("u1");
    await turn();
    expect(job.state.step).toBe("live");
  });

  it("says that the connection was cut, keeps the progress, and goes on", () => {
    listener.progress(0.7);
    listener.interrupted();
    expect(job.state).toEqual({ step: "sending", fraction: 0.7, interrupted: true });
    listener.progress(0.71);
    expect(job.state).toMatchObject({ interrupted: false });
  });

  it("gives the server's reason for a refusal, while sending and while processing", async () => {
    const detail = "This video is 11 min 02 s; the limit here is 10 min. Trim it and try again.";
    listener.failed(new ApiError("refused", 413, { type: "", title: "", status: 413, detail }));
    expect(job.state).toEqual({ step: "refused", detail });

    answers = [video("processing"), video("refused", { refusal: { code: "x", detail } })];
    listener.done("u1");
    job.post("");
    await clock.pass(3000);
    expect(job.state).toEqual({ step: "refused", detail });
  });

  it("starts a transfer again after it gave up", () => {
    listener.failed(new ApiError("unreachable"));
    expect(job.state.step).toBe("failed");
    job.retry();
    expect(starts).toBe(2);
    expect(job.state.step).toBe("sending");
  });

  it("lets a caption be changed when publishing was refused", async () => {
    answers = [new ApiError("unreachable"), video("live")];
    listener.done("u1");
    job.post("one");
    await turn();
    expect(job.state.step).toBe("failed");
    expect(job.posted).toBe(false);
    job.post("two");
    await turn();
    expect(published.map((v) => v.caption)).toEqual(["one", "two"]);
    expect(job.state.step).toBe("live");
  });

  it("survives a server that is away while it processes", async () => {
    answers = [video("processing"), new ApiError("unreachable"), new ApiError("refused", 503), video("live")];
    listener.done("u1");
    job.post("");
    await clock.pass(10_000);
    expect(job.state.step).toBe("live");
  });

  it("leaves nothing behind when cancelled, and something to resume when only left", () => {
    job.close();
    expect(aborted).toEqual([false]);
    job.cancel();
    expect(aborted).toEqual([false, true]);
  });
});

describe("limits", () => {
  const limits = { size_bytes_max: 2e9, duration_ms_max: 600_000 };
  const against = (size: number, duration_ms?: number) =>
    objection({ size, duration_ms }, limits, en, "en");
  it("say the value beside the limit", () => {
    expect(against(1e6, 662_000)).toBe(
      "This video is 11\u00a0min 02\u00a0s; the limit here is 10\u00a0min. Trim it and try again.",
    );
    expect(against(3e9)).toBe("This file is 3 GB; the limit here is 2 GB. Make it smaller and try again.");
    expect(against(0)).toBe(en.upload.empty_file);
  });
  it("let pass what is within, or cannot be known", () => {
    expect(against(2e9, 600_000)).toBeUndefined();
    expect(against(5)).toBeUndefined();
  });
  it("find topics once each", () => {
    expect(hashtags_of("A #Wave and a #wave, #été_2026 # no")).toEqual(["wave", "été_2026"]);
  });
});

describe("unfinished uploads", () => {
  it("are found, the newest first, and cleared away when stale or unreadable", () => {
    const now = Date.parse("2026-03-02T12:00:00Z");
    const entry = (name: string, creationTime: string) =>
      JSON.stringify({ uploadUrl: `/u/${name}`, creationTime, metadata: { filename: name } });
    const kept = new Map([
      ["rondo.theme", "dark"],
      ["tus::a::1", entry("a.mp4", "2026-03-02T10:00:00Z")],
      ["tus::b::2", entry("b.mp4", "2026-03-02T11:00:00Z")],
      ["tus::c::3", entry("c.mp4", "2026-02-01T00:00:00Z")],
      ["tus::d::4", "not json"],
    ]);
    const store = {
      get length() {
        return kept.size;
      },
      key: (at: number) => [...kept.keys()][at] ?? null,
      getItem: (key: string) => kept.get(key) ?? null,
      removeItem: (key: string) => void kept.delete(key),
    };
    expect(unfinished_uploads(store, now).map((upload) => upload.name)).toEqual(["b.mp4", "a.mp4"]);
    expect([...kept.keys()]).toEqual(["rondo.theme", "tus::a::1", "tus::b::2"]);
  });
});
