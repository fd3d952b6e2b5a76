import { expect, it } from "vitest";
import { worth_retrying } from "./transfer";

const problem = (reason: string, status: number) =>
  JSON.stringify({ type: `/problems/${reason}`, title: "No", status, detail: "Why." });

it("asks again after what passes, and not at a limit that it has met", () => {
  for (const status of [0, 409, 423, 429, 500, 503]) expect(worth_retrying(status, ""), `${status}`).toBe(true);
  for (const status of [400, 401, 404, 413, 422, 507]) expect(worth_retrying(status, ""), `${status}`).toBe(false);
  expect(worth_retrying(429, problem("too_many_requests", 429))).toBe(true);
  expect(worth_retrying(429, problem("too_many_uploads", 429))).toBe(false);
  expect(worth_retrying(429, problem("uploads_full", 429))).toBe(false);
  expect(worth_retrying(503, problem("uploads_closed", 503))).toBe(false);
});
