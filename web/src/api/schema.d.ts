// The shapes of the API, as openapi-typescript writes them: `web/tool types` makes this file anew
// from docs/api/openapi.json.
export interface components {
  schemas: {
    FieldProblem: { field: string; code: string; detail: string };
    Problem: {
      type: string;
      title: string;
      status: number;
      detail: string;
      errors?: components["schemas"]["FieldProblem"][];
    };
    Account: { id: string; handle: string; role: "member" | "admin"; created_at: string };
    Session: {
      kind: "anonymous" | "account";
      account?: components["schemas"]["Account"];
      token?: string;
      expires_at: string;
    };
    NewViewer: { language?: string };
    NewAccount: { handle: string; password: string; language?: string };
    Credentials: { handle: string; password: string };
    Profile: {
      handle: string;
      followers: number;
      videos: number;
      following: boolean;
      created_at: string;
    };
    Rendition: {
      url: string;
      width: number;
      height: number;
      bandwidth_bps: number;
      size_bytes: number;
    };
    Refusal: { code: string; detail: string };
    Video: {
      id: string;
      state: string;
      progress?: number;
      refusal?: components["schemas"]["Refusal"];
      author: string;
      caption: string;
      hashtags: string[];
      created_at: string;
      published_at?: string;
      duration_ms?: number;
      width?: number;
      height?: number;
      poster_url?: string;
      hls_url?: string;
      renditions: components["schemas"]["Rendition"][];
      likes: number;
      views: number;
      liked: boolean;
    };
    NewVideo: { upload_id: string; caption: string; hashtags?: string[]; language?: string };
    VideoList: { items: components["schemas"]["Video"][]; next_cursor?: string };
    ScoreTerm: { name: string; value: number; weight: number; contribution: number };
    Reason: {
      kind:
        | "topic_finished"
        | "topic_liked"
        | "topic_skipped"
        | "follows_author"
        | "author_finished"
        | "trending"
        | "fresh"
        | "exploration";
      subject: string;
      count: number;
    };
    FeedItem: {
      slot: number;
      video: components["schemas"]["Video"];
      source:
        | "personal"
        | "trending"
        | "fresh"
        | "followed"
        | "exploration"
        | "following"
        | "latest";
      reasons: components["schemas"]["Reason"][];
      terms: components["schemas"]["ScoreTerm"][];
      score: number;
    };
    Learned: {
      topic: string;
      more: boolean;
      finished: number;
      skipped: number;
      liked: number;
      not_interested: number;
    };
    FeedPage: {
      feed: "for_you" | "following" | "latest";
      page_id?: string;
      offset?: number;
      items: components["schemas"]["FeedItem"][];
      learned: components["schemas"]["Learned"][];
      exhausted: boolean;
      fallback?: string;
      next_cursor?: string;
    };
    Event: {
      id: string;
      type:
        | "impression"
        | "watch"
        | "like"
        | "unlike"
        | "share"
        | "save"
        | "not_interested"
        | "report";
      video_id: string;
      page_id?: string;
      slot?: number;
      at?: string;
      watch_ms?: number;
      loops?: number;
      skipped?: boolean;
      scope?: "video" | "author" | "topic";
    };
    EventBatch: { events: components["schemas"]["Event"][] };
    RejectedEvent: { id: string; code: string; detail: string };
    EventReceipt: {
      offset: number;
      accepted: number;
      rejected: components["schemas"]["RejectedEvent"][];
    };
    DemoProgress: {
      state: "making" | "watching" | "ready";
      clips_done: number;
      clips_total: number;
      viewers_done: number;
      viewers_total: number;
    };
    UploadLimits: { size_bytes_max: number; duration_ms_max: number };
    Network: {
      name: string;
      version: string;
      uploads: components["schemas"]["UploadLimits"];
      uploads_open: boolean;
      uploads_closed_reason?: string;
      demo?: components["schemas"]["DemoProgress"];
    };
  };
}
