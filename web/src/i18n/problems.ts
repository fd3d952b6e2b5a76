// What went wrong, for a person: the server's own sentence when it gave one.
//
//   problem_text   where the page asks again by itself
//   failure_text   where somebody has to: what they had asked for was not done
import type { ApiError } from "../api/problem";
import type { Messages } from "./en";

export function problem_text(error: ApiError, m: Messages): string {
  if (error.kind === "timeout") return m.feed.timeout;
  if (error.kind === "unreachable") return m.feed.unreachable;
  return said(error, m);
}

export function failure_text(error: ApiError, m: Messages): string {
  if (error.kind === "timeout") return m.feed.timeout_once;
  if (error.kind === "unreachable") return m.feed.unreachable_once;
  return said(error, m);
}

function said(error: ApiError, m: Messages): string {
  return error.problem?.detail || error.problem?.title || m.feed.no_detail(error.status);
}
