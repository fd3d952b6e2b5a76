import { beforeEach, expect, it, vi } from "vitest";
import type { PreferenceChange, Preferences } from "../api/types";

const { server, viewer } = vi.hoisted(() => ({
  server: { level: 0, sent: [] as number[], before_answer: () => {} },
  viewer: {
    changes: 0,
    with_session: <T>(call: () => Promise<T>): Promise<T> => call(),
  },
}));
const told = (): Preferences =>
  ({ topics: [{ topic: "waves", level: server.level }], muted: [], met: [], authors_turned_down: [], sounds_turned_down: 0 });
vi.mock("./viewer.svelte", () => ({ viewer }));
vi.mock("../api/client", () => ({
  api: {
    preferences: async () => told(),
    change_preferences: async (change: PreferenceChange) => {
      server.level = change.topics?.[0]?.level ?? 0;
      server.sent.push(server.level);
      server.before_answer();
      return { ...told(), offset: server.sent.length };
    },
  },
}));
const { wishes } = await import("./wishes.svelte");

beforeEach(() => {
  server.level = 0;
  server.sent = [];
  server.before_answer = () => {};
  viewer.changes += 1;
});

it("two quick clicks are two steps, within the bounds", async () => {
  await Promise.all([wishes.nudge("waves", true), wishes.nudge("waves", true), wishes.nudge("waves", true)]);
  expect(server.sent).toEqual([50, 100, 100]);
  await Promise.all([1, 2, 3, 4].map(() => wishes.nudge("waves", false)));
  expect(server.sent.slice(3)).toEqual([50, 0, -50, -50]);
});

it("an answer that comes when somebody else is here is not theirs", async () => {
  server.before_answer = () => (viewer.changes += 1);
  await wishes.change({ topics: [{ topic: "waves", level: 25 }] });
  expect(wishes.current).toBeUndefined();
  expect(wishes.offset).toBeUndefined();
});
