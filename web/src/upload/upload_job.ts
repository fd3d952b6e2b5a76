// One video on its way from a file to a live video. Framework-free; the transfer (tus) and the API
// are ports.
//
//   queued -> sending <-> paused       needs_file: after a reload, until the same file is there again
//                |
//              sent -> processing -> live
//                |         +-------> refused   (with the server's reason)
//                |         +-------> deleted   (elsewhere, meanwhile)
//                +-----------------> failed    (can be tried again from where it stopped)
//
// What is written may be posted before the transfer is done: it is sent as soon as it can be.
// Everything that has to outlive the page is in `record`.
import { ApiError, as_api_error } from "../api/problem";
import type { NewVideo, Video } from "../api/types";
import { difference, type Difference, type FileFacts } from "./same_file";

export interface Draft {
  caption: string;
  /** Of the file's time; the whole when missing. */
  trim?: { start_ms: number; end_ms: number } | undefined;
  /** Of the file's time too. */
  cover_ms?: number | undefined;
}

export interface UploadRecord {
  id: string;
  account: string; // whose it is, by handle
  began_ms: number; // of the wall clock
  file: FileFacts;
  duration_ms?: number; // as far as this browser can tell
  fraction: number; // sent, when last heard of
  paused: boolean;
  url?: string; // where the transfer goes on
  upload_id?: string; // once all is sent
  draft: Draft;
  posted: boolean;
  video_id?: string;
}

export type UploadState =
  | { step: "queued" }
  | { step: "sending"; fraction: number; interrupted: boolean }
  | { step: "paused"; fraction: number }
  | { step: "needs_file"; fraction: number; difference?: Difference; chosen?: FileFacts }
  | { step: "sent" }
  | { step: "processing"; fraction: number; waiting: boolean; video_id: string }
  | { step: "live"; video: Video }
  | { step: "refused"; detail: string }
  | { step: "deleted" }
  | { step: "failed"; error: ApiError };

export interface TransferListener {
  at(url: string): void;
  progress(fraction: number): void;
  /** The connection was lost; the transfer goes on by itself when it can. */
  interrupted(): void;
  done(upload_id: string): void;
  failed(error: ApiError): void;
}

export interface Transfer {
  start(): void;
  /** Ends it for now; start() goes on. */
  stop(): void;
}

export interface UploadPorts {
  transfer(file: File, url: string | undefined, listener: TransferListener): Transfer;
  /** Has the server give up what it has of an upload. */
  forget(url: string): Promise<void>;
  publish(video: NewVideo): Promise<Video>;
  delete_video(id: string): Promise<unknown>;
  follow(
    id: string,
    listener: { video(video: Video): void; failed(error: ApiError): void },
  ): () => void;
  language(): string;
  /** The state or the record has changed; `keep`: so that it should be stored at once. */
  changed(job: UploadJob, keep: boolean): void;
}

export class UploadJob {
  readonly record: UploadRecord;
  state: UploadState;
  file: File | undefined;
  #ports: UploadPorts;
  #transfer: Transfer | undefined;
  #stop_following: (() => void) | undefined;
  #publishing: Promise<void> | undefined;
  #begun_anew = false; // by itself once at most: a server that forgets everything is no loop
  #closed = false;

  /** New with a file; taken up again without one. */
  constructor(ports: UploadPorts, record: UploadRecord, file?: File) {
    this.#ports = ports;
    this.record = record;
    this.file = file;
    if (record.video_id !== undefined) {
      this.state = { step: "processing", fraction: 0, waiting: false, video_id: record.video_id };
      this.#follow(record.video_id);
    } else if (record.upload_id !== undefined) {
      this.state = { step: "sent" };
      if (record.posted) void this.#publish();
    } else {
      this.state = this.#in_line();
    }
  }

  /** Nothing of it is left to do. */
  get over(): boolean {
    const { step } = this.state;
    return this.#closed || step === "live" || step === "refused" || step === "deleted";
  }

  /** From queued, paused or failed on: sends. */
  start(): void {
    const { step } = this.state;
    if (step !== "queued" && step !== "paused" && step !== "failed") return;
    if (!this.file || this.#closed) return;
    this.record.paused = false;
    this.#transfer ??= this.#ports.transfer(this.file, this.record.url, {
      at: (url) => {
        if (this.#closed || this.record.url === url) return;
        this.record.url = url;
        this.#ports.changed(this, true);
      },
      progress: (fraction) => {
        if (this.state.step === "sending") this.#send_state(fraction, false);
      },
      interrupted: () => {
        if (this.state.step === "sending") this.#send_state(this.record.fraction, true);
      },
      done: (upload_id) => {
        if (this.#closed) return;
        this.record.upload_id = upload_id;
        this.record.fraction = 1;
        this.#become({ step: "sent" }, true);
        if (this.record.posted) void this.#publish();
      },
      failed: (error) => this.#fail(error),
    });
    this.#send_state(this.record.fraction, false);
    this.#transfer.start();
  }

  pause(): void {
    if (this.state.step !== "sending" && this.state.step !== "queued") return;
    this.#transfer?.stop();
    this.record.paused = true;
    this.#become({ step: "paused", fraction: this.record.fraction }, true);
  }

  /** Back in the line, to be started when it is its turn. */
  resume(): void {
    if (this.state.step !== "paused") return;
    this.record.paused = false;
    this.#become({ step: "queued" }, true);
  }

  /** The file of an upload that lost it. False when it is another one, which the state then says. */
  attach(file: File, facts: FileFacts): boolean {
    if (this.state.step !== "needs_file") return false;
    const differs = difference(this.record.file, facts);
    if (differs) {
      const { fraction } = this.state;
      this.#become({ step: "needs_file", fraction, difference: differs, chosen: facts });
      return false;
    }
    this.file = file;
    this.#become(this.record.paused ? { step: "paused", fraction: this.record.fraction } : { step: "queued" });
    return true;
  }

  edit(draft: Partial<Draft>): void {
    if (this.record.posted) return;
    Object.assign(this.record.draft, draft);
    this.#ports.changed(this, false); // at every key: not all of them need storing
  }

  post(): void {
    this.record.posted = true;
    if (this.record.upload_id !== undefined) void this.#publish();
    this.#ports.changed(this, true);
  }

  retry(): void {
    if (this.state.step !== "failed") return;
    if (this.record.video_id !== undefined) {
      const video_id = this.record.video_id;
      this.#become({ step: "processing", fraction: 0, waiting: false, video_id });
      this.#follow(video_id);
    } else if (this.record.upload_id !== undefined) {
      this.#become({ step: "sent" });
      if (this.record.posted) void this.#publish();
    } else {
      this.#become(this.#in_line());
    }
  }

  /** Gone, here and at the server: the upload, or the video that is being made of it. False when the
      server did not do it: then this has failed with the reason, and can be tried again. */
  async cancel(): Promise<boolean> {
    if (this.#closed) return false;
    if (!this.over) {
      // Whether there is an upload to delete or a video, the answer to the post tells.
      await this.#publishing;
      if (this.#closed) return false;
      this.pause();
      const { video_id, url } = this.record;
      try {
        if (video_id !== undefined) await this.#ports.delete_video(video_id);
        else if (url !== undefined) await this.#ports.forget(url);
      } catch (thrown) {
        const error = as_api_error(thrown);
        if (error.status !== 404) {
          this.#stop_following?.();
          this.#become({ step: "failed", error }, true);
          return false;
        }
      }
    }
    this.close();
    return true;
  }

  /** The page lets go of it; what is at the server stays. */
  close(): void {
    this.#closed = true;
    this.#stop_following?.();
    if (this.state.step === "sending") this.#transfer?.stop();
  }

  #in_line(): UploadState {
    return this.file ? { step: "queued" } : { step: "needs_file", fraction: this.record.fraction };
  }

  #send_state(fraction: number, interrupted: boolean): void {
    this.record.fraction = fraction;
    this.#become({ step: "sending", fraction, interrupted });
  }

  #publish(): Promise<void> {
    this.#publishing ??= this.#publish_now().finally(() => (this.#publishing = undefined));
    return this.#publishing;
  }

  async #publish_now(): Promise<void> {
    if (this.#closed) return;
    const { draft, upload_id } = this.record;
    const from_ms = draft.trim?.start_ms ?? 0;
    try {
      const video = await this.#ports.publish({
        upload_id: upload_id ?? "",
        caption: draft.caption,
        language: this.#ports.language(),
        ...(draft.trim ? { trim: { ...draft.trim } } : {}),
        ...(draft.cover_ms === undefined ? {} : { cover_ms: Math.max(0, draft.cover_ms - from_ms) }),
      });
      this.record.video_id = video.id;
      if (this.#closed) return;
      this.#show(video);
      if (video.state === "processing") this.#follow(video.id);
    } catch (thrown) {
      if (this.#closed) return;
      const error = as_api_error(thrown);
      if (!error.passing) this.record.posted = false; // may be changed and posted again
      this.#fail(error);
    }
  }

  #follow(id: string): void {
    this.#stop_following = this.#ports.follow(id, {
      video: (video) => this.#show(video),
      failed: (error) => this.#fail(error),
    });
  }

  #show(video: Video): void {
    if (video.state === "live") return this.#become({ step: "live", video }, true);
    if (video.state === "refused") {
      return this.#become({ step: "refused", detail: video.refusal?.detail ?? "" }, true);
    }
    const { progress = 0, waiting = false } = video;
    const first = this.state.step !== "processing";
    this.#become({ step: "processing", fraction: progress, waiting, video_id: video.id }, first);
  }

  #fail(error: ApiError): void {
    if (error.status === 404) {
      if (this.record.video_id !== undefined) return this.#become({ step: "deleted" }, true);
      if (this.record.url !== undefined || this.record.upload_id !== undefined) return this.#begin_anew(error);
    }
    const before_publishing = this.record.upload_id === undefined;
    // The file itself was looked at and turned down; trying again would not help.
    const turned_down = error.status === 422 || error.status === 413 || error.status === 415;
    if (before_publishing && turned_down) {
      this.#become({ step: "refused", detail: error.message }, true);
    } else {
      this.#become({ step: "failed", error }, true);
    }
  }

  /** The server has let go of what it had (it expired): from the first byte on. */
  #begin_anew(error: ApiError): void {
    delete this.record.url;
    delete this.record.upload_id;
    this.record.fraction = 0;
    this.#transfer = undefined; // it goes on at the old address
    const again = this.#begun_anew;
    this.#begun_anew = true;
    this.#become(again ? { step: "failed", error } : this.#in_line(), true);
  }

  #become(state: UploadState, keep = false): void {
    if (this.#closed) return;
    this.state = state;
    this.#ports.changed(this, keep);
  }
}
