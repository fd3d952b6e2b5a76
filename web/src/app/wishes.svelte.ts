// What this viewer has asked of their feed, as the server last said it. Changes are sent at once;
// the server's answer, which the next page goes by, replaces what is here.
import { api } from "../api/client";
import type { PreferenceChange, Preferences } from "../api/types";
import { viewer } from "./viewer.svelte";

export const LEVEL_NEVER = -100;
export const LEVEL_MAX = 100;
const NUDGE = 50;

class Wishes {
  #known = $state.raw<Preferences | undefined>();
  #of = $state(-1); // viewer.changes when it was asked: somebody else has other wishes
  #changes: Promise<unknown> = Promise.resolve(); // one after the other, in the order of the clicks

  get current(): Preferences | undefined {
    return this.#of === viewer.changes ? this.#known : undefined;
  }

  /** Of the latest change: what the feed has to know of. */
  get offset(): number | undefined {
    return this.current?.offset;
  }

  level(topic: string): number {
    return this.current?.topics.find((wish) => wish.topic === topic)?.level ?? 0;
  }

  load(): Promise<Preferences> {
    return this.#take(() => api.preferences());
  }

  change(change: PreferenceChange): Promise<Preferences> {
    return this.#take(() => api.change_preferences(change));
  }

  reset(turned_down: boolean): Promise<Preferences> {
    return this.#take(() => api.reset_feed({ turned_down }));
  }

  /** A step more or less of a topic. Less is never so little as to hide it. */
  async nudge(topic: string, more: boolean): Promise<Preferences> {
    if (!this.current) await this.load();
    const level = this.level(topic) + (more ? NUDGE : -NUDGE);
    const bounded = Math.min(LEVEL_MAX, Math.max(LEVEL_NEVER + NUDGE, level));
    return this.change({ topics: [{ topic, level: bounded }] });
  }

  #take(call: () => Promise<Preferences>): Promise<Preferences> {
    const answer = this.#changes.then(async () => {
      const known = await viewer.with_session(call);
      // A plain reading has no offset: the one of the change before it still holds.
      const offset = known.offset ?? this.offset;
      this.#known = offset === undefined ? known : { ...known, offset };
      this.#of = viewer.changes;
      return this.#known;
    });
    this.#changes = answer.catch(() => undefined);
    return answer;
  }
}

export const wishes = new Wishes();
