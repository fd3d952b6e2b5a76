// The queue of this browser, joined to the API, tus and the browser's database. Loaded when it is
// needed first; one queue for whoever is signed in, and none as soon as they are not.
import { api } from "../api/client";
import { viewer } from "../app/viewer.svelte";
import { browser_clock } from "../feed/clock";
import { new_event_id } from "../feed/event_id";
import { language } from "../i18n/index.svelte";
import { at_most, follow } from "./follow";
import { forget_upload, tus_transfer } from "./transfer";
import { UploadQueue } from "./upload_queue";
import { browser_store } from "./upload_store";

const STREAMS_MAX = 2; // of the six connections that a browser opens to a server

const store = browser_store();
const events = at_most(STREAMS_MAX, (id) =>
  typeof EventSource === "undefined" ? undefined : new EventSource(api.video_events_url(id)),
);

let current: { queue: UploadQueue; restored: Promise<UploadQueue> } | undefined;

/** The queue of this account, taken up where it was left. */
export function uploads_of(account: string): Promise<UploadQueue> {
  if (current?.queue.account === account) return current.restored;
  current?.queue.close();
  const queue = new UploadQueue(account, {
    job: {
      transfer: tus_transfer,
      forget: forget_upload,
      publish: (video) => api.publish(video),
      delete_video: (id) => api.delete_video(id),
      follow: (id, listener) => follow(id, { clock: browser_clock, video: (v) => api.video(v), events }, listener),
      language: () => language.locale,
    },
    store,
    clock: browser_clock,
    wall_clock_ms: () => Date.now(),
    new_id: new_event_id,
  });
  current = { queue, restored: queue.restore().then(() => queue) };
  return current.restored;
}

// Nothing goes on under another account, whichever screen is shown.
$effect.root(() => {
  $effect(() => {
    if (viewer.account?.handle === current?.queue.account) return;
    current?.queue.close();
    current = undefined;
  });
});
addEventListener("pagehide", () => current?.queue.flush());
