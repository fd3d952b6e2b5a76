// Uploads as an application sends them: tus-js-client, then publication, then waiting for the end.
import { type Dirent, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as tus from "tus-js-client";
import { Client } from "./client.ts";
import { sharedData, until } from "./server.ts";

export const clips = join(sharedData, "clips");
export const clip = (name: string): Buffer => readFileSync(join(clips, name));

export interface Sending {
  filename: string;
  chunkSize?: number;
  uploadUrl?: string; // resumes this one
  retryDelays?: number[];
  onAcknowledged?: (offset: number) => void;
  onUrl?: (url: string) => void;
}

// An HTTP status and body as tus-js-client met them; undefined when no answer came.
export class UploadError extends Error {
  readonly status: number | undefined;
  readonly problem: any;
  constructor(error: Error | tus.DetailedError) {
    super(error.message);
    const response = "originalResponse" in error ? error.originalResponse : null;
    this.status = response?.getStatus();
    try { this.problem = JSON.parse(response?.getBody() ?? ""); } catch { /* not an answer of ours */ }
  }
}

// The upload's id.
export function send(client: Client, bytes: Buffer, sending: Sending): Promise<string> {
  return new Promise((done, fail) => {
    const upload = new tus.Upload(bytes, {
      endpoint: client.url + "/api/v1/uploads",
      uploadUrl: sending.uploadUrl,
      headers: { authorization: `Bearer ${client.token}` },
      metadata: { filename: sending.filename },
      chunkSize: sending.chunkSize ?? 4 << 20,
      retryDelays: sending.retryDelays ?? null as any,
      onUploadUrlAvailable: () => sending.onUrl?.(upload.url!),
      onChunkComplete: (_size, accepted) => sending.onAcknowledged?.(accepted),
      onSuccess: () => done(uploadId(upload.url!)),
      onError: (error) => fail(new UploadError(error)),
    });
    upload.start();
  });
}

export const uploadId = (url: string): string => new URL(url).pathname.split("/").pop()!;

export async function publish(client: Client, upload: string, caption = ""): Promise<any> {
  return await client.post("/api/v1/videos", { upload_id: upload, caption });
}

// Live or refused.
export async function settled(client: Client, video: string, deadlineMs = 180_000): Promise<any> {
  return await until(`video ${video} to be live or refused`, async () => {
    const now = await client.get(`/api/v1/videos/${video}`);
    return now.state !== "processing" && now;
  }, deadlineMs);
}

// Live with all its renditions, as the server's folder `data` shows it: its upload is not needed
// any more.
export async function finished(client: Client, data: string, video: string, upload: string): Promise<any> {
  await until(`all of video ${video}`, async () => !existsSync(join(data, "uploads", `${upload}.part`)), 240_000);
  return await client.get(`/api/v1/videos/${video}`);
}

// Folders may come and go meanwhile.
function filesBelow(folder: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error: any) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });
}

// Everything on the disk that uploading makes: pieces, work files, temporaries, media of videos
// other than `live`.
export function leftovers(data: string, live: string[] = []): string[] {
  return ["uploads", "work", "edits", "blobs/tmp", "blobs/objects"].flatMap((part) => filesBelow(join(data, part)))
    .filter((file) => !/\/(checkpoints|bundles)\+\//.test(file))
    .filter((file) => !live.some((video) => file.includes(`/media+/${video}+/`)));
}

export const sizeOf = (name: string): number => statSync(join(clips, name)).size;
