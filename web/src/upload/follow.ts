// How far a video is, as the server tells it: by server-sent events, and by asking again where those
// do not come through (an old proxy, too many open, no EventSource).
import { ApiError, as_api_error } from "../api/problem";
import type { Video } from "../api/types";
import type { Clock } from "../feed/clock";

/** What EventSource is, as far as it is needed. */
export interface EventStream {
  addEventListener(type: string, listener: (event: { data?: string }) => void): void;
  close(): void;
  readonly readyState: number;
}

export interface FollowPorts {
  clock: Clock;
  video(id: string): Promise<Video>;
  /** Undefined where there is no EventSource. */
  events(id: string): EventStream | undefined;
}

export interface FollowListener {
  video(video: Video): void;
  /** Nothing more comes. */
  failed(error: ApiError): void;
}

const POLL_MS = 700;
const POLL_FAILURES_MAX = 20;
const FIRST_EVENT_MS = 5_000; // the first comes at once; a proxy that collects them is not waited for
const CLOSED = 2;

/** Streams that `open` gives, no more than `most` at a time: undefined beyond. */
export function at_most(most: number, open: (id: string) => EventStream | undefined): FollowPorts["events"] {
  let streams = 0;
  return (id) => {
    const stream = streams < most ? open(id) : undefined;
    if (!stream) return undefined;
    streams += 1;
    let counted = true;
    return {
      addEventListener: (type, listener) => stream.addEventListener(type, listener),
      close() {
        stream.close();
        if (counted) streams -= 1;
        counted = false;
      },
      get readyState() {
        return stream.readyState;
      },
    };
  };
}

/** Until the video is live or refused. The returned function ends it. */
export function follow(id: string, ports: FollowPorts, listener: FollowListener): () => void {
  let over = false;
  let failures = 0;
  let stream: EventStream | undefined;
  let cancel_timer: (() => void) | undefined;

  const end = () => {
    over = true;
    stream?.close();
    cancel_timer?.();
  };
  const after = (ms: number, run: () => void) => {
    cancel_timer?.();
    cancel_timer = ports.clock.after(ms, run);
  };
  const tell = (video: Video) => {
    if (over) return;
    if (video.state !== "processing") end();
    listener.video(video);
  };
  const fail = (error: ApiError) => {
    if (over) return;
    end();
    listener.failed(error);
  };

  async function poll(): Promise<void> {
    if (over) return;
    try {
      const video = await ports.video(id);
      failures = 0;
      tell(video);
      if (!over) after(POLL_MS, () => void poll());
    } catch (thrown) {
      const error = as_api_error(thrown);
      if (!error.passing || ++failures > POLL_FAILURES_MAX) return fail(error);
      after(error.retry_after_ms ?? 2 * POLL_MS, () => void poll());
    }
  }
  const fall_back = () => {
    if (over) return;
    stream?.close();
    stream = undefined;
    void poll();
  };

  stream = ports.events(id);
  if (!stream) {
    void poll();
    return end;
  }
  const opened = stream;
  after(FIRST_EVENT_MS, fall_back);
  opened.addEventListener("video", (event) => {
    if (opened !== stream) return;
    cancel_timer?.();
    try {
      tell(JSON.parse(event.data ?? "") as Video);
    } catch {
      fall_back();
    }
  });
  opened.addEventListener("gone", () => fail(new ApiError("refused", 404)));
  // A cut connection is opened again by the browser; what was refused is not.
  opened.addEventListener("error", () => {
    if (opened === stream && opened.readyState === CLOSED) fall_back();
  });
  return end;
}
