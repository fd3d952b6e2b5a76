// The transfer of a file by tus, over tus-js-client (loaded with this file, when it is needed).
// Resumes after a cut connection by itself, and after a reload when the same file is chosen again.
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

export function tus_transfer(file: File, listener: TransferListener): Transfer {
  const upload = new Upload(file, {
    endpoint: ENDPOINT,
    chunkSize: CHUNK_BYTES,
    retryDelays: RETRY_DELAYS_MS,
    removeFingerprintOnSuccess: true,
    metadata: { filename: file.name, filetype: file.type },
    onProgress: (sent, total) => listener.progress(total > 0 ? sent / total : 0),
    onShouldRetry(error) {
      const status = error.originalResponse?.getStatus() ?? 0;
      const passing = status === 0 || status === 409 || status === 423 || status === 429 || status >= 500;
      if (passing) listener.interrupted();
      return passing;
    },
    onError: (error) => listener.failed(to_api_error(error)),
    onSuccess: () => listener.done(upload.url?.split("?")[0]?.split("/").at(-1) ?? ""),
  });
  return {
    start() {
      void upload.findPreviousUploads().then((previous) => {
        const latest = previous[0];
        if (latest) upload.resumeFromPreviousUpload(latest);
        upload.start();
      });
    },
    abort: (forget) => void upload.abort(forget).catch(() => undefined),
  };
}
