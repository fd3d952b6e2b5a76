import { beforeEach, describe, expect, it } from "vitest";
import { type Clip, element_of, Player } from "./player";
import { FakeMedia } from "./testing";
import type { Outcome } from "./watch_meter";

const clip = (n: number): Clip => ({ key: `k${n}`, url: `/media/${n}`, duration_ms: 4000 });
const settled = () => new Promise((resolve) => setTimeout(resolve));

let media: [FakeMedia, FakeMedia, FakeMedia];
let shown: string[];
let outcomes: [string, Outcome][];
let remembered: boolean[];

function make(sound_wanted = false): Player {
  return new Player({
    media,
    shown: (key) => shown.push(key),
    watched: (key, outcome) => outcomes.push([key, outcome]),
    sound_wanted,
    remember_sound: (wanted) => remembered.push(wanted),
  });
}

const at = (position: number) => media[element_of(position)];

function go(player: Player, index: number): void {
  player.set_window(index, [index > 0 ? clip(index - 1) : undefined, clip(index), clip(index + 1)]);
}

function start(player: Player, index: number): void {
  go(player, index);
  const current = at(index);
  current.duration_ms = 4000;
  current.emit("playing");
}

beforeEach(() => {
  media = [new FakeMedia(), new FakeMedia(), new FakeMedia()];
  shown = [];
  outcomes = [];
  remembered = [];
});

describe("the pool", () => {
  it("loads the current clip whole and the next one's beginning", () => {
    const player = make();
    go(player, 0);
    expect(at(0)).toMatchObject({ url: "/media/0", preload: "auto", playing: true });
    expect(at(1)).toMatchObject({ url: "/media/1", preload: "metadata", playing: false });
    expect(at(2).url).toBeUndefined();
  });

  it("recycles one element a step and keeps what the next one had loaded", () => {
    const player = make();
    go(player, 1);
    at(2).position_ms = 0;
    const next = at(2);
    go(player, 2);
    expect(next).toMatchObject({ url: "/media/2", preload: "auto", playing: true });
    expect(at(1)).toMatchObject({ url: "/media/1", playing: false });
    expect(at(3)).toMatchObject({ url: "/media/3", preload: "metadata" });
  });

  it("shows a poster again only where a clip was replaced", () => {
    const player = make();
    go(player, 1);
    media.forEach((m) => m.emit("painted"));
    go(player, 2);
    expect(player.snapshot.painted[element_of(1)]).toBe(true);
    expect(player.snapshot.painted[element_of(2)]).toBe(true);
    expect(player.snapshot.painted[element_of(3)]).toBe(false);
  });

  it("replaces a next clip that was ranked anew without touching the current one", () => {
    const player = make();
    start(player, 0);
    at(0).position_ms = 900;
    player.set_window(0, [undefined, clip(0), clip(7)]);
    expect(at(0)).toMatchObject({ url: "/media/0", playing: true, position_ms: 900 });
    expect(at(1).url).toBe("/media/7");
    expect(outcomes).toEqual([]);
    expect(shown).toEqual(["k0"]);
  });

  it("loads a clip once more that failed ahead of time", () => {
    const player = make();
    go(player, 0);
    at(1).url = undefined;
    at(1).emit("error");
    go(player, 1);
    expect(at(1)).toMatchObject({ url: "/media/1", playing: true });
  });

  it("empties the element when there is nothing at the place", () => {
    const player = make();
    go(player, 0);
    player.set_window(1, [clip(0), undefined, undefined]);
    expect(player.snapshot.phase).toBe("empty");
    expect(at(1).url).toBeUndefined();
    expect(player.fraction).toBe(0);
  });
});

describe("phases", () => {
  it("goes from loading to playing to paused and back", () => {
    const player = make();
    go(player, 0);
    expect(player.snapshot.phase).toBe("loading");
    at(0).emit("playing");
    expect(player.snapshot.phase).toBe("playing");
    player.toggle();
    expect(player.snapshot.phase).toBe("paused");
    expect(at(0).playing).toBe(false);
    player.toggle();
    at(0).emit("playing");
    expect(player.snapshot.phase).toBe("playing");
  });

  it("forgets the pause with the clip", () => {
    const player = make();
    start(player, 0);
    player.toggle();
    go(player, 1);
    expect(player.snapshot.phase).toBe("loading");
    expect(at(1).playing).toBe(true);
  });

  it("says when the network does not keep up", () => {
    const player = make();
    start(player, 0);
    at(0).emit("waiting");
    expect(player.snapshot).toMatchObject({ phase: "playing", stalled: true });
    at(0).emit("playing");
    expect(player.snapshot.stalled).toBe(false);
  });

  it("tries a failed clip again on a tap", () => {
    const player = make();
    go(player, 0);
    at(0).emit("error");
    expect(player.snapshot.phase).toBe("failed");
    at(0).url = undefined;
    player.toggle();
    expect(at(0).url).toBe("/media/0");
    expect(player.snapshot.phase).toBe("loading");
  });

  it("holds still while nobody sees it, and does not resume what was paused", () => {
    const player = make();
    start(player, 0);
    player.set_hidden(true);
    expect(at(0).playing).toBe(false);
    player.set_hidden(false);
    expect(at(0).playing).toBe(true);
    player.toggle();
    player.set_hidden(true);
    player.set_hidden(false);
    expect(at(0).playing).toBe(false);
  });
});

describe("what is reported", () => {
  it("announces each clip once, when it is on screen", () => {
    const player = make();
    start(player, 0);
    go(player, 0);
    go(player, 1);
    expect(shown).toEqual(["k0", "k1"]);
  });

  it("announces nothing behind a hidden page, until it is seen", () => {
    const player = make();
    player.set_hidden(true);
    go(player, 0);
    expect(shown).toEqual([]);
    player.set_hidden(false);
    expect(shown).toEqual(["k0"]);
  });

  it("reports a skip with the time played", () => {
    const player = make();
    start(player, 0);
    at(0).run_to(1000);
    go(player, 1);
    expect(outcomes).toEqual([["k0", { watch_ms: 1000, loops: 0, skipped: true }]]);
  });

  it("reports the first whole play at once, and nothing more on leaving", () => {
    const player = make();
    start(player, 0);
    at(0).run_to(3900);
    at(0).emit("ended");
    expect(outcomes).toEqual([["k0", { watch_ms: 4000, loops: 1, skipped: false }]]);
    expect(at(0)).toMatchObject({ position_ms: 0, playing: true });
    at(0).run_to(2000);
    go(player, 1);
    expect(outcomes).toHaveLength(1);
  });

  it("does not take a jump to the end for a whole play", () => {
    const player = make();
    start(player, 0);
    at(0).run_to(500);
    player.seek(0.95);
    at(0).run_to(4000);
    at(0).emit("ended");
    expect(outcomes).toEqual([]);
    go(player, 1);
    expect(outcomes[0]?.[1]).toMatchObject({ loops: 0, skipped: true });
    expect(outcomes[0]?.[1].watch_ms).toBeLessThan(1000);
  });

  it("says nothing about a viewer whose clip never played", () => {
    const player = make();
    go(player, 0);
    at(0).emit("error");
    go(player, 1);
    expect(outcomes).toEqual([]);
  });

  it("reports on the way out of the page, once", () => {
    const player = make();
    start(player, 0);
    at(0).run_to(750);
    player.finish();
    player.finish();
    expect(outcomes).toEqual([["k0", { watch_ms: 750, loops: 0, skipped: true }]]);
  });
});

describe("sound", () => {
  it("starts silent and comes with the wish, which is remembered", () => {
    const player = make();
    start(player, 0);
    expect(at(0).muted).toBe(true);
    player.set_sound(true);
    expect(at(0).muted).toBe(false);
    expect(at(1).muted).toBe(true);
    expect(remembered).toEqual([true]);
    go(player, 1);
    expect(at(0).muted).toBe(true);
    expect(at(1).muted).toBe(false);
  });

  it("plays silently when the browser wants a gesture first, and gets loud with it", async () => {
    media.forEach((m) => (m.with_sound = "refused"));
    const player = make(true);
    go(player, 0);
    await settled();
    expect(at(0)).toMatchObject({ playing: true, muted: true });
    expect(player.snapshot.sound).toBe(false);
    player.gesture();
    expect(at(0).muted).toBe(false);
    expect(player.snapshot.sound).toBe(true);
    expect(remembered).toEqual([]);
  });

  it("waits for a tap when even silent playing is refused", async () => {
    media.forEach((m) => (m.silent = "refused"));
    const player = make();
    go(player, 0);
    await settled();
    expect(player.snapshot.phase).toBe("paused");
  });
});
