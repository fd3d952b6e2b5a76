// The transfer of a file by tus, over tus-js-client (loaded with this file, when it is needed).
// Resumes after a cut connection by itself, after a pause, and after a reload from the address that
// it was begun at.
import { DetailedError, Upload } from "tus-js-client";
import { ApiError, parse_problem } from "../api/problem";
import type { Transfer, TransferListener } from "./upload_job";

const ENDPOINT = "/api/v1/uploads";
const CHUNK_BYTES = 4 * 1024 * 1024;
const RETRY_DELAYS_MS = [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 30_000, 30_000];

function to_api_error(error: Error | DetailedError): ApiError {
  const response = error instanceof DetailedError ? error.originalResponse : null;
  if (!response) return new ApiError("unreachable");
  return new ApiError("refused", response.getStatus(), parse_problem(response.getBody()));
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
      // 507: no room; that does not pass by waiting a minute.
      const passing =
        status === 0 || status === 409 || status === 423 || status === 429 || (status >= 500 && status !== 507);
      if (passing) listener.interrupted();
      return passing;
    },
    onError: (error) => listener.failed(to_api_error(error)),
    onSuccess: () => listener.done(path_of(upload.url).split("/").at(-1) ?? ""),
  });
  return {
    start: () => upload.start(),
    stop: (forget) => void upload.abort(forget).catch(() => undefined),
  };
}

function path_of(url: string | null): string {
  return url === null ? "" : new URL(url, location.href).pathname;
}

/** Gives an upload up at the server, which would otherwise keep it until it expires. */
export function forget_upload(url: string): void {
  fetch(url, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } }).catch(() => undefined);
}
