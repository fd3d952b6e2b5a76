// One video on its way from a file to a live video. Framework-free; the transfer (tus) and the API
// are ports.
//
//   sending -> sent -> processing -> live
//      |         |          +-----> refused   (with the server's reason)
//      +---------+----------------> failed    (can be tried again from where it stopped)
//
// The caption may be posted before the transfer is done: it is sent as soon as it can be.
import { ApiError, as_api_error } from "../api/problem";
import type { NewVideo, Video } from "../api/types";
import type { Clock } from "../feed/clock";

export type UploadState =
  | { step: "sending"; fraction: number; interrupted: boolean }
  | { step: "sent" }
  | { step: "processing"; fraction: number; video_id: string }
  | { step: "live"; video: Video }
  | { step: "refused"; detail: string }
  | { step: "failed"; error: ApiError };

export interface TransferListener {
  progress(fraction: number): void;
  /** The connection was lost; the transfer goes on by itself when it can. */
  interrupted(): void;
  done(upload_id: string): void;
  failed(error: ApiError): void;
}

export interface Transfer {
  start(): void;
  /** Ends it; with `forget`, what the server has of it goes too. */
  abort(forget: boolean): void;
}

export interface UploadPorts {
  transfer(listener: TransferListener): Transfer;
  publish(video: NewVideo): Promise<Video>;
  video(id: string): Promise<Video>;
  language(): string;
  clock: Clock;
}

const POLL_MS = 700;
const POLL_FAILURES_MAX = 20;

export class UploadJob {
  #ports: UploadPorts;
  #transfer: Transfer;
  #listener: (state: UploadState) => void;
  #upload_id: string | undefined;
  #caption: string | undefined; // once posted
  #closed = false;
  #poll_failures = 0;
  state: UploadState = { step: "sending", fraction: 0, interrupted: false };

  constructor(ports: UploadPorts, listener: (state: UploadState) => void) {
    this.#ports = ports;
    this.#listener = listener;
    this.#transfer = ports.transfer({
      progress: (fraction) => this.#become({ step: "sending", fraction, interrupted: false }),
      interrupted: () => {
        const fraction = this.state.step === "sending" ? this.state.fraction : 0;
        this.#become({ step: "sending", fraction, interrupted: true });
      },
      done: (upload_id) => {
        this.#upload_id = upload_id;
        this.#become({ step: "sent" });
        if (this.#caption !== undefined) void this.#publish();
      },
      failed: (error) => this.#fail(error),
    });
    this.#transfer.start();
  }

  get posted(): boolean {
    return this.#caption !== undefined;
  }

  post(caption: string): void {
    this.#caption = caption;
    if (this.#upload_id !== undefined) void this.#publish();
    else this.#listener(this.state);
  }

  retry(): void {
    if (this.state.step !== "failed") return;
    if (this.#upload_id !== undefined) {
      this.#become({ step: "sent" });
      if (this.#caption !== undefined) void this.#publish();
    } else {
      this.#become({ step: "sending", fraction: 0, interrupted: false });
      this.#transfer.start();
    }
  }

  cancel(): void {
    const sending = this.state.step === "sending" || this.state.step === "failed";
    this.#closed = true;
    if (sending) this.#transfer.abort(true);
  }

  /** The screen goes away. A transfer stops and can be resumed; processing goes on at the server. */
  close(): void {
    this.#closed = true;
    if (this.state.step === "sending") this.#transfer.abort(false);
  }

  async #publish(): Promise<void> {
    const { publish, language } = this.#ports;
    try {
      const video = await publish({
        upload_id: this.#upload_id ?? "",
        caption: this.#caption ?? "",
        language: language(),
      });
      this.#follow(video);
    } catch (thrown) {
      this.#caption = undefined; // may be changed and posted again
      this.#fail(as_api_error(thrown));
    }
  }

  #follow(video: Video): void {
    if (video.state === "live") return this.#become({ step: "live", video });
    if (video.state === "refused") {
      return this.#become({ step: "refused", detail: video.refusal?.detail ?? "" });
    }
    this.#become({ step: "processing", fraction: video.progress ?? 0, video_id: video.id });
    this.#ports.clock.after(POLL_MS, () => void this.#poll(video.id));
  }

  async #poll(id: string): Promise<void> {
    if (this.#closed) return;
    try {
      const video = await this.#ports.video(id);
      this.#poll_failures = 0;
      this.#follow(video);
    } catch (thrown) {
      const error = as_api_error(thrown);
      if (!error.passing || ++this.#poll_failures > POLL_FAILURES_MAX) return this.#fail(error);
      this.#ports.clock.after(error.retry_after_ms ?? 2 * POLL_MS, () => void this.#poll(id));
    }
  }

  #fail(error: ApiError): void {
    // 422: the file itself was looked at and turned down; trying again would not help.
    if (error.status === 422 || error.status === 413 || error.status === 415) {
      this.#become({ step: "refused", detail: error.message });
    } else {
      this.#become({ step: "failed", error });
    }
  }

  #become(state: UploadState): void {
    if (this.#closed) return;
    this.state = state;
    this.#listener(state);
  }
}
