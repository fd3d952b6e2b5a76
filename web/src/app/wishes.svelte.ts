// What this viewer has asked of their feed, as the server last said it. Changes are sent at once;
// the server's answer, which the next page goes by, replaces what is here.
import { api } from "../api/client";
import type { PreferenceChange, Preferences } from "../api/types";
import { viewer } from "./viewer.svelte";

export const LEVEL_NEVER = -100;
export const LEVEL_MAX = 100;
const NUDGE = 50;

const level_of = (known: Preferences | undefined, topic: string) =>
  known?.topics.find((wish) => wish.topic === topic)?.level ?? 0;

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
    return level_of(this.current, topic);
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
  nudge(topic: string, more: boolean): Promise<Preferences> {
    return this.#take(async () => {
      // From the level as it is when its turn has come: two quick clicks are two steps.
      const known = this.current ?? (await api.preferences());
      const level = level_of(known, topic) + (more ? NUDGE : -NUDGE);
      const bounded = Math.min(LEVEL_MAX, Math.max(LEVEL_NEVER + NUDGE, level));
      return await api.change_preferences({ topics: [{ topic, level: bounded }] });
    });
  }

  #take(call: () => Promise<Preferences>): Promise<Preferences> {
    const answer = this.#changes.then(async () => {
      // Whoever it is when it is asked: by the time of the answer it may be somebody else.
      let of = viewer.changes;
      const known = await viewer.with_session(() => {
        of = viewer.changes;
        return call();
      });
      // A plain reading has no offset: the one of the change before it still holds.
      const offset = known.offset ?? (this.#of === of ? this.#known?.offset : undefined);
      this.#known = offset === undefined ? known : { ...known, offset };
      this.#of = of;
      return this.#known;
    });
    this.#changes = answer.catch(() => undefined);
    return answer;
  }
}

export const wishes = new Wishes();
