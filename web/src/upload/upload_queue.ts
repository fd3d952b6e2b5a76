// All uploads of one account in this browser: a bounded line of jobs, few of them sending at the
// same time, each kept in the browser's storage so that a reload loses nothing but the file itself.
// Outlives the upload screen: uploads go on while one looks at something else.
import type { Clock } from "../feed/clock";
import { difference, type FileFacts } from "./same_file";
import type { UploadStore } from "./upload_store";
import { UploadJob, type UploadPorts, type UploadRecord } from "./upload_job";

export const JOBS_MAX = 8; // as many as a server keeps unfinished of one account by default
const SENDING_MAX = 2;
const STORE_AFTER_MS = 500;
const KEPT_MS = 24 * 60 * 60 * 1000; // about as long as servers keep an unfinished upload

/** What a browser gives to read a file again after a reload, if it gives anything. */
export interface FileHandle {
  getFile(): Promise<File>;
  requestPermission?(options: { mode: "read" }): Promise<string>;
}

export interface Chosen {
  file: File;
  facts: FileFacts;
  duration_ms?: number;
  handle?: FileHandle;
  trim?: { start_ms: number; end_ms: number };
}

export interface QueuePorts {
  job: Omit<UploadPorts, "changed">;
  store: UploadStore;
  clock: Clock;
  wall_clock_ms(): number;
  new_id(): string;
}

export type Added = "added" | "attached" | "known" | "full";

export class UploadQueue {
  readonly account: string;
  jobs: readonly UploadJob[] = [];
  #ports: QueuePorts;
  #handles = new Map<string, FileHandle>(); // by job
  #unsaved = new Map<string, () => void>(); // by job: takes the timer back
  #listeners = new Set<() => void>();
  #closed = false;

  constructor(account: string, ports: QueuePorts) {
    this.account = account;
    this.#ports = ports;
  }

  /** Takes up what was left. Once, before anything is added. */
  async restore(): Promise<void> {
    const now = this.#ports.wall_clock_ms();
    const kept = await this.#ports.store.all();
    if (this.#closed) return;
    for (const { record, handle } of kept) {
      if (record.account !== this.account) continue;
      if (now - record.began_ms > KEPT_MS) {
        void this.#ports.store.remove(record.id);
        continue;
      }
      if (handle) this.#handles.set(record.id, handle);
      this.#insert(record);
    }
    this.#tell();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get unfinished(): number {
    return this.jobs.filter((job) => !job.over).length;
  }

  /** A file that an earlier upload waits for is given to that one. */
  add(chosen: Chosen): Added {
    const same = this.jobs.filter((job) => !job.over && !difference(job.record.file, chosen.facts));
    const waiting = same.find((job) => job.state.step === "needs_file");
    if (waiting) {
      this.#hold(waiting.record.id, chosen.handle);
      waiting.attach(chosen.file, chosen.facts);
      return "attached";
    }
    if (same.length > 0) return "known";
    if (this.unfinished >= JOBS_MAX) return "full";
    const record: UploadRecord = {
      id: this.#ports.new_id(),
      account: this.account,
      began_ms: this.#ports.wall_clock_ms(),
      file: chosen.facts,
      ...(chosen.duration_ms === undefined ? {} : { duration_ms: chosen.duration_ms }),
      fraction: 0,
      paused: false,
      draft: { caption: "", ...(chosen.trim ? { trim: chosen.trim } : {}) },
      posted: false,
    };
    this.#hold(record.id, chosen.handle);
    const job = this.#insert(record, chosen.file);
    this.#keep(job);
    this.#pump();
    this.#tell();
    return "added";
  }

  /** The handle by which the file of a job may be read again, if the browser gave one. */
  handle_of(job: UploadJob): FileHandle | undefined {
    return this.#handles.get(job.record.id);
  }

  /** Off the list; what is not done is given up, here and at the server. When the server does not do
      it, the job stays and says why. */
  async remove(job: UploadJob): Promise<void> {
    if (!(await job.cancel())) return;
    this.jobs = this.jobs.filter((other) => other !== job);
    this.#drop(job);
    this.#pump();
    this.#tell();
  }

  /** The page may go away: what waits to be stored is stored now. */
  flush(): void {
    for (const [id, cancel] of this.#unsaved) {
      cancel();
      const job = this.jobs.find((other) => other.record.id === id);
      if (job) this.#save(job);
    }
    this.#unsaved.clear();
  }

  /** Somebody else signs in: nothing goes on, everything is kept. */
  close(): void {
    this.#closed = true;
    for (const job of this.jobs) job.close();
    this.flush();
    this.#listeners.clear();
  }

  #insert(record: UploadRecord, file?: File): UploadJob {
    const ports = { ...this.#ports.job, changed: (job: UploadJob, keep: boolean) => this.#changed(job, keep) };
    const job = new UploadJob(ports, record, file);
    this.jobs = [...this.jobs, job];
    return job;
  }

  #hold(id: string, handle: FileHandle | undefined): void {
    if (handle) this.#handles.set(id, handle);
  }

  #changed(job: UploadJob, keep: boolean): void {
    if (this.#closed || !this.jobs.includes(job)) return; // not in the list yet, or not any more
    if (job.over) this.#drop(job);
    else if (keep) this.#keep(job);
    else this.#keep_soon(job);
    this.#pump();
    this.#tell();
  }

  #pump(): void {
    if (this.#closed) return;
    let free = SENDING_MAX - this.jobs.filter((job) => job.state.step === "sending").length;
    for (const job of this.jobs) {
      if (free <= 0) return;
      if (job.state.step !== "queued") continue;
      free -= 1;
      job.start();
    }
  }

  #keep(job: UploadJob): void {
    this.#unsaved.get(job.record.id)?.();
    this.#unsaved.delete(job.record.id);
    this.#save(job);
  }

  #keep_soon(job: UploadJob): void {
    const { id } = job.record;
    if (this.#unsaved.has(id)) return;
    this.#unsaved.set(id, this.#ports.clock.after(STORE_AFTER_MS, () => this.#keep(job)));
  }

  #save(job: UploadJob): void {
    void this.#ports.store.put(job.record, this.#handles.get(job.record.id));
  }

  #drop(job: UploadJob): void {
    this.#unsaved.get(job.record.id)?.();
    this.#unsaved.delete(job.record.id);
    this.#handles.delete(job.record.id);
    void this.#ports.store.remove(job.record.id);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
