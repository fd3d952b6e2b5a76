// The server's calls, one function each. Throws ApiError and nothing else. No state: the session is
// an HttpOnly cookie that the browser keeps.
import { ApiError, parse_problem } from "./problem";
import type {
  Account,
  AccountChange,
  Event,
  EventReceipt,
  FeedKind,
  FeedPage,
  FeedReset,
  GivenCaptions,
  Network,
  NewVideo,
  OperatedQueue,
  OperatedStorage,
  PreferenceChange,
  Preferences,
  Profile,
  Session,
  StorageUse,
  Video,
  VideoList,
} from "./types";

const ROOT = "/api/v1";
const TIMEOUT_MS = 15_000;

type Query = Record<string, string | number | undefined>;

interface Options {
  query?: Query;
  body?: unknown;
  /** Instead of `body`: bytes as they are, of this type. */
  file?: { bytes: Blob; type: string };
  keepalive?: boolean;
  signal?: AbortSignal;
}

function with_query(path: string, query: Query | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return `${ROOT}${path}${text ? `?${text}` : ""}`;
}

function retry_after_ms(response: Response): number | undefined {
  const seconds = Number(response.headers.get("Retry-After"));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  let text: string;
  try {
    response = await fetch(with_query(path, options.query), {
      method,
      headers: {
        Accept: "application/json",
        ...(options.body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(options.file ? { "Content-Type": options.file.type } : {}),
      },
      credentials: "same-origin",
      signal: options.signal ? AbortSignal.any([deadline, options.signal]) : deadline,
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.file ? { body: options.file.bytes } : {}),
      ...(options.keepalive ? { keepalive: true } : {}),
    });
    text = await response.text();
  } catch {
    throw new ApiError(deadline.aborted ? "timeout" : "unreachable");
  }
  if (!response.ok) {
    throw new ApiError("refused", response.status, parse_problem(text), retry_after_ms(response));
  }
  if (text === "") return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new ApiError("unreachable"); // somebody else answered: a captive portal, a proxy
  }
}

const handle_path = (handle: string) => `/accounts/${encodeURIComponent(handle)}`;
const video_path = (id: string) => `/videos/${encodeURIComponent(id)}`;
const job_path = (id: string) => `/operation/jobs/${encodeURIComponent(id)}`;
const captions_path = (id: string, language: string) =>
  `${video_path(id)}/captions/${encodeURIComponent(language)}`;

export interface PageRequest {
  limit?: number;
  cursor?: string;
  after_offset?: number;
  held?: string;
}

export const api = {
  network: () => call<Network>("GET", "/network"),

  current_session: () => call<Session>("GET", "/sessions/current"),
  new_viewer: (language: string) => call<Session>("POST", "/viewers", { body: { language } }),
  sign_up: (handle: string, password: string, language: string) =>
    call<Session>("POST", "/accounts", { body: { handle, password, language } }),
  sign_in: (handle: string, password: string) =>
    call<Session>("POST", "/sessions", { body: { handle, password } }),
  sign_out: () => call<undefined>("DELETE", "/sessions/current"),

  page: (feed: FeedKind, request: PageRequest) =>
    call<FeedPage>("GET", `/feeds/${feed}`, { query: { ...request } }),
  receipt_url: (page_id: string) => `${ROOT}/feeds/pages/${encodeURIComponent(page_id)}`,

  post_events: (events: Event[], last_chance = false) =>
    call<EventReceipt>("POST", "/events", { body: { events }, keepalive: last_chance }),

  change_account: (change: AccountChange) => call<Account>("PATCH", "/accounts/me", { body: change }),

  preferences: () => call<Preferences>("GET", "/viewers/current/preferences"),
  change_preferences: (change: PreferenceChange) =>
    call<Preferences>("PATCH", "/viewers/current/preferences", { body: change }),
  reset_feed: (reset: FeedReset) =>
    call<Preferences>("POST", "/viewers/current/reset", { body: reset }),

  video: (id: string) => call<Video>("GET", video_path(id)),
  video_events_url: (id: string) => `${ROOT}${video_path(id)}/events`,
  publish: (video: NewVideo) => call<Video>("POST", "/videos", { body: video }),
  delete_video: (id: string) => call<undefined>("DELETE", video_path(id)),
  put_captions: (id: string, language: string, bytes: Blob) =>
    call<GivenCaptions>("PUT", captions_path(id, language), { file: { bytes, type: "text/vtt" } }),
  delete_captions: (id: string, language: string) =>
    call<undefined>("DELETE", captions_path(id, language)),
  own_videos: (cursor?: string) =>
    call<VideoList>("GET", "/accounts/me/videos", { query: { cursor } }),

  own_storage: () => call<StorageUse>("GET", "/accounts/me/storage"),

  jobs: () => call<OperatedQueue>("GET", "/operation/jobs"),
  cancel_job: (id: string) => call<undefined>("DELETE", job_path(id)),
  retry_job: (id: string) => call<undefined>("POST", `${job_path(id)}/retry`),
  storage: () => call<OperatedStorage>("GET", "/operation/storage"),

  profile: (handle: string) => call<Profile>("GET", handle_path(handle)),
  profile_videos: (handle: string, cursor?: string) =>
    call<VideoList>("GET", `${handle_path(handle)}/videos`, { query: { cursor } }),
  follow: (handle: string) => call<undefined>("PUT", `${handle_path(handle)}/follow`),
  unfollow: (handle: string) => call<undefined>("DELETE", `${handle_path(handle)}/follow`),
};

export type Api = typeof api;
