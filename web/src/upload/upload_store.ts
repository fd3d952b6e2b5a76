// Uploads that are under way, in the browser's database (IndexedDB): what is needed to go on after a
// reload, never the file itself. Where there is no database (private windows of some browsers),
// nothing is kept and nothing else changes.
import type { FileHandle } from "./upload_queue";
import type { UploadRecord } from "./upload_job";

export interface Kept {
  record: UploadRecord;
  handle?: FileHandle;
}

export interface UploadStore {
  all(): Promise<Kept[]>;
  put(record: UploadRecord, handle: FileHandle | undefined): Promise<void>;
  remove(id: string): Promise<void>;
}

const DATABASE = "rondo";
const VERSION = 1;
const TABLE = "uploads";

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's database failed"));
  });
}

async function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, VERSION);
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: "record.id" });
  return await answer(request);
}

/** Calls are carried out one after the other, so that the last put is what stays. */
export function browser_store(): UploadStore {
  let database: Promise<IDBDatabase> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  function run<T>(mode: IDBTransactionMode, otherwise: T, work: (table: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const next = last.then(async () => {
      try {
        database ??= open();
        const table = (await database).transaction(TABLE, mode).objectStore(TABLE);
        return await answer(work(table));
      } catch {
        return otherwise; // turned off, full, or blocked: then nothing is remembered
      }
    });
    last = next;
    return next;
  }

  return {
    async all() {
      const kept = await run<Kept[]>("readonly", [], (table) => table.getAll() as IDBRequest<Kept[]>);
      return kept.sort((a, b) => a.record.began_ms - b.record.began_ms);
    },
    async put(record, handle) {
      const kept: Kept = { record: structuredClone(record), ...(handle ? { handle } : {}) };
      await run<unknown>("readwrite", undefined, (table) => table.put(kept) as IDBRequest<unknown>);
    },
    async remove(id) {
      await run<unknown>("readwrite", undefined, (table) => table.delete(id) as IDBRequest<unknown>);
    },
  };
}
