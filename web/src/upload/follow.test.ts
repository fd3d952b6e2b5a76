import { beforeEach, describe, expect, it } from "vitest";
import { ApiError } from "../api/problem";
import type { Video } from "../api/types";
import { FakeClock } from "../feed/testing";
import { at_most, type EventStream, follow } from "./follow";
import { video } from "./testing";

describe("following a video", () => {
  class FakeStream implements EventStream {
    readyState = 1;
    listeners = new Map<string, (event: { data?: string }) => void>();
    addEventListener(type: string, listener: (event: { data?: string }) => void) {
      this.listeners.set(type, listener);
    }
    close() {
      this.readyState = 2;
    }
    emit(type: string, data?: unknown) {
      this.listeners.get(type)?.(data === undefined ? {} : { data: JSON.stringify(data) });
    }
  }
  let clock: FakeClock;
  let stream: FakeStream | undefined;
  let answers: (Video | ApiError)[];
  let heard: string[];
  let polls: number;

  const start = () =>
    follow(
      "v1",
      {
        clock,
        events: () => stream,
        video: () => {
          polls += 1;
          const answer = answers.shift() ?? video("processing");
          return answer instanceof ApiError ? Promise.reject(answer) : Promise.resolve(answer);
        },
      },
      { video: (v) => heard.push(v.state), failed: (error) => heard.push(`failed ${error.status}`) },
    );
  beforeEach(() => {
    clock = new FakeClock();
    stream = new FakeStream();
    answers = [];
    heard = [];
    polls = 0;
  });

  it("hears by events, asks nothing, and ends with the last", async () => {
    start();
    stream?.emit("video", video("processing"));
    await clock.pass(60_000);
    stream?.emit("video", video("live"));
    expect(heard).toEqual(["processing", "live"]);
    expect(polls).toBe(0);
    expect(stream?.readyState).toBe(2);
    expect(clock.waiting).toBe(0);
  });

  it("asks where there are no events, where they are refused, and where none arrive", async () => {
    for (const way of ["none", "refused", "silent"]) {
      stream = way === "none" ? undefined : new FakeStream();
      heard = [];
      answers = [video("processing"), new ApiError("unreachable"), new ApiError("refused", 503), video("live")];
      start();
      if (way === "refused" && stream) {
        stream.readyState = 2;
        stream.emit("error");
      }
      await clock.pass(20_000);
      expect(heard, way).toEqual(["processing", "live"]);
    }
  });

  it("waits for a connection that the browser opens again", async () => {
    start();
    stream?.emit("video", video("processing"));
    if (stream) stream.readyState = 0;
    stream?.emit("error");
    await clock.pass(10_000);
    expect(polls).toBe(0);
    stream?.emit("gone");
    expect(heard).toEqual(["processing", "failed 404"]);
  });

  it("holds two streams at most; a third video is asked for until one of them is given back", async () => {
    const streams: FakeStream[] = [];
    const events = at_most(2, () => {
      const opened = new FakeStream();
      streams.push(opened);
      return opened;
    });
    const asked: string[] = [];
    const ends = ["v1", "v2", "v3"].map((id) =>
      follow(
        id,
        { clock, events, video: async (of) => (asked.push(of), video("processing")) },
        { video: () => undefined, failed: () => undefined },
      ),
    );
    for (const opened of streams) opened.emit("video", video("processing"));
    await clock.pass(6_000);
    expect(streams.length).toBe(2);
    expect(new Set(asked)).toEqual(new Set(["v3"]));

    streams[0]?.emit("video", video("live"));
    ends[0]?.(); // once more: given back once
    expect(events("v4")).toBeDefined();
    expect(events("v5")).toBeUndefined();
    for (const end of ends) end();
  });
});
