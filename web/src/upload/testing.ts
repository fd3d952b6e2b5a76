// Ports of an upload for tests to speak through, and the things they speak of. Not part of the build.
import { ApiError } from "../api/problem";
import type { NewVideo, Video } from "../api/types";
import { item } from "../feed/testing";
import type { FileFacts } from "./same_file";
import type { TransferListener, UploadPorts, UploadRecord } from "./upload_job";

export const video = (state: Video["state"], more: Partial<Video> = {}): Video => ({ ...item("v1").video, state, ...more });
export const refused = (status: number, detail: string) =>
  new ApiError("refused", status, { type: "", title: "", status, detail });
export const facts = (print: string, size = 100): FileFacts => ({ name: `${print}.mp4`, size, print });
export const file = (name = "a.mp4") => new File(["x"], name);
export const record = (more: Partial<UploadRecord> = {}): UploadRecord => ({
  id: "r1", account: "ada", began_ms: 0, file: facts("a"), fraction: 0, paused: false,
  draft: { caption: "" }, posted: false, ...more,
});

/** Ports that write down what is asked of them; the test speaks for the server. */
export class World {
  listeners: TransferListener[] = [];
  urls: (string | undefined)[] = [];
  log: string[] = [];
  published: NewVideo[] = [];
  answers: (Video | ApiError)[] = [];
  deletions: ApiError[] = []; // what the next ones fail with
  watching: { video(video: Video): void; failed(error: ApiError): void } | undefined;

  ports: Omit<UploadPorts, "changed"> = {
    transfer: (_file, url, listener) => {
      this.listeners.push(listener);
      this.urls.push(url);
      return {
        start: () => this.log.push("start"),
        stop: () => this.log.push("stop"),
      };
    },
    forget: (url) => this.#delete(`forget ${url}`),
    publish: (wanted) => {
      this.published.push(wanted);
      const answer = this.answers.shift();
      if (!answer) throw new Error("asked once too often");
      return answer instanceof ApiError ? Promise.reject(answer) : Promise.resolve(answer);
    },
    delete_video: (id) => this.#delete(`delete ${id}`),
    follow: (_id, listener) => {
      this.watching = listener;
      return () => this.log.push("unfollow");
    },
    language: () => "fr",
  };

  #delete(what: string): Promise<void> {
    this.log.push(what);
    const failure = this.deletions.shift();
    return failure ? Promise.reject(failure) : Promise.resolve();
  }
}
