// The queue of this browser, joined to the API, tus and the browser's database. Loaded when it is
// needed first; one queue for whoever is signed in.
import { api } from "../api/client";
import { browser_clock } from "../feed/clock";
import { language } from "../i18n/index.svelte";
import { follow } from "./follow";
import { forget_upload, tus_transfer } from "./transfer";
import { UploadQueue } from "./upload_queue";
import { browser_store } from "./upload_store";

let queue: UploadQueue | undefined;

const events = (id: string) =>
  typeof EventSource === "undefined" ? undefined : new EventSource(api.video_events_url(id));

/** The queue of this account, taken up where it was left. */
export async function uploads_of(account: string): Promise<UploadQueue> {
  if (queue?.account === account) return queue;
  queue?.close();
  const opened = new UploadQueue(account, {
    job: {
      transfer: tus_transfer,
      forget: forget_upload,
      publish: (video) => api.publish(video),
      delete_video: (id) => api.delete_video(id),
      follow: (id, listener) => follow(id, { clock: browser_clock, video: (v) => api.video(v), events }, listener),
      language: () => language.locale,
    },
    store: browser_store(),
    clock: browser_clock,
    wall_clock_ms: () => Date.now(),
    new_id: () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`,
  });
  queue = opened;
  await opened.restore();
  return opened;
}
