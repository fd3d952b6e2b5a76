// What can go wrong with a request, as one error type that the screens can put into words.
import type { Problem } from "./types";

/** "unreachable": no answer at all; "refused": the server answered with a problem document. */
export type FailureKind = "unreachable" | "timeout" | "refused";

export class ApiError extends Error {
  readonly kind: FailureKind;
  readonly status: number; // 0 without an answer
  readonly problem: Problem | undefined;
  readonly retry_after_ms: number | undefined;

  constructor(kind: FailureKind, status = 0, problem?: Problem, retry_after_ms?: number) {
    super(problem?.detail || problem?.title || kind);
    this.name = "ApiError";
    this.kind = kind;
    this.status = status;
    this.problem = problem;
    this.retry_after_ms = retry_after_ms;
  }

  /** Whether the same request may succeed later without anybody changing it. */
  get passing(): boolean {
    return this.kind !== "refused" || this.status === 429 || this.status >= 500;
  }

  field(name: string): string | undefined {
    return this.problem?.errors?.find((error) => error.field === name)?.detail;
  }
}

export function as_api_error(thrown: unknown): ApiError {
  return thrown instanceof ApiError ? thrown : new ApiError("unreachable");
}

/** A problem document, or undefined when the text is something else (a proxy's own error page). */
export function parse_problem(text: string): Problem | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const problem = value as Partial<Problem>;
    if (typeof problem.title !== "string" && typeof problem.detail !== "string") return undefined;
    return {
      type: problem.type ?? "about:blank",
      title: problem.title ?? "",
      status: problem.status ?? 0,
      detail: problem.detail ?? "",
      ...(Array.isArray(problem.errors) ? { errors: problem.errors } : {}),
    };
  } catch {
    return undefined;
  }
}
