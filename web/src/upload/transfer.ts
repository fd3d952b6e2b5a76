// The transfer of a file by tus, over tus-js-client (loaded with this file, when it is needed).
// Resumes after a cut connection by itself, after a pause, and after a reload from the address that
// it was begun at.
import { DetailedError, Upload } from "tus-js-client";
import { ApiError, parse_problem } from "../api/problem";
import type { Transfer, TransferListener } from "./upload_job";

const ENDPOINT = "/api/v1/uploads";
const CHUNK_BYTES = 4 * 1024 * 1024;
const FORGET_MS = 15_000;
// A limit was met: it goes away when somebody does something about it, not by asking again.
const LIMITS = ["too_many_uploads", "uploads_full", "uploads_closed"];
const RETRY_DELAYS_MS = [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 30_000, 30_000];

function to_api_error(error: Error | DetailedError): ApiError {
  const response = error instanceof DetailedError ? error.originalResponse : null;
  if (!response) return new ApiError("unreachable");
  return new ApiError("refused", response.getStatus(), parse_problem(response.getBody()));
}

/** Whether the same request may be answered otherwise in a minute. Status 0: there was no answer. */
export function worth_retrying(status: number, body: string): boolean {
  const reason = parse_problem(body)?.type.split("/").at(-1) ?? "";
  if (LIMITS.includes(reason)) return false;
  // 507: no room; that does not pass by waiting a minute.
  return status === 0 || status === 409 || status === 423 || status === 429 || (status >= 500 && status !== 507);
}

export function tus_transfer(file: File, url: string | undefined, listener: TransferListener): Transfer {
  const upload = new Upload(file, {
    endpoint: ENDPOINT,
    ...(url === undefined ? {} : { uploadUrl: url }),
    chunkSize: CHUNK_BYTES,
    retryDelays: RETRY_DELAYS_MS,
    storeFingerprintForResuming: false, // upload_store.ts remembers
    metadata: { filename: file.name, filetype: file.type },
    onUploadUrlAvailable: () => listener.at(path_of(upload.url)),
    onProgress: (sent, total) => listener.progress(total > 0 ? sent / total : 0),
    onShouldRetry(error) {
      const status = error.originalResponse?.getStatus() ?? 0;
      if (status === 0) listener.interrupted();
      return worth_retrying(status, error.originalResponse?.getBody() ?? "");
    },
    onError: (error) => listener.failed(to_api_error(error)),
    onSuccess: () => listener.done(path_of(upload.url).split("/").at(-1) ?? ""),
  });
  return {
    start: () => upload.start(),
    stop: () => void upload.abort().catch(() => undefined),
  };
}

function path_of(url: string | null): string {
  return url === null ? "" : new URL(url, location.href).pathname;
}

/** Gives an upload up at the server, which would otherwise keep it until it expires. */
export async function forget_upload(url: string): Promise<void> {
  const response = await fetch(url, {
    method: "DELETE",
    headers: { "Tus-Resumable": "1.0.0" },
    signal: AbortSignal.timeout(FORGET_MS),
  });
  if (!response.ok) throw new ApiError("refused", response.status, parse_problem(await response.text()));
}
