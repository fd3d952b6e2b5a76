// Uploads that were cut off by a reload or a closed tab. tus-js-client keeps the address of each in
// localStorage, under "tus::<fingerprint of the file>::<number>", and finds it again when the same
// file is chosen; this only reads that list, to tell people that it is there.
const PREFIX = "tus::";
const AGE_MAX_MS = 24 * 60 * 60 * 1000; // about as long as servers keep an unfinished upload
const SHOWN_MAX = 3;

export interface Unfinished {
  key: string;
  name: string;
  url: string;
  began_ms: number;
}

type Store = Pick<Storage, "key" | "length" | "getItem" | "removeItem">;

function parse(key: string, text: string | null): Unfinished | undefined {
  try {
    const value = JSON.parse(text ?? "") as {
      uploadUrl?: string;
      creationTime?: string;
      metadata?: { filename?: string };
    };
    const began_ms = Date.parse(value.creationTime ?? "");
    if (!value.uploadUrl || Number.isNaN(began_ms)) return undefined;
    return { key, name: value.metadata?.filename ?? "", url: value.uploadUrl, began_ms };
  } catch {
    return undefined;
  }
}

/** The newest first; what is too old or unreadable is cleared away. */
export function unfinished_uploads(
  store: Store | undefined = local_store(),
  now_ms = Date.now(),
): Unfinished[] {
  if (!store) return [];
  const keys = Array.from({ length: store.length }, (_, at) => store.key(at) ?? "");
  const found: Unfinished[] = [];
  for (const key of keys) {
    if (!key.startsWith(PREFIX)) continue;
    const upload = parse(key, store.getItem(key));
    if (upload && now_ms - upload.began_ms <= AGE_MAX_MS) found.push(upload);
    else store.removeItem(key);
  }
  return found.sort((a, b) => b.began_ms - a.began_ms).slice(0, SHOWN_MAX);
}

/** Forgets one here and at the server, which would otherwise keep it until it expires. */
export function forget_upload(upload: Unfinished): void {
  local_store()?.removeItem(upload.key);
  const headers = { "Tus-Resumable": "1.0.0" };
  fetch(upload.url, { method: "DELETE", headers }).catch(() => undefined); // then it expires
}

function local_store(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined; // turned off
  }
}
