// What went wrong, for a person: the server's own sentence when it gave one.
import type { ApiError } from "../api/problem";
import type { Messages } from "./en";

export function problem_text(error: ApiError, m: Messages): string {
  if (error.kind === "timeout") return m.feed.timeout;
  if (error.kind === "unreachable") return m.feed.unreachable;
  return error.problem?.detail || error.problem?.title || m.feed.no_detail(error.status);
}
