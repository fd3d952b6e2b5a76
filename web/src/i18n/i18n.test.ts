import { describe, expect, it } from "vitest";
import { en, type Messages } from "./en";
import { bytes, duration, percent, signed } from "./format";
import { fr } from "./fr";

function leaves(value: object, path = ""): [string, unknown][] {
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === "object" && inner !== null
      ? leaves(inner as object, `${path}${key}.`)
      : [[`${path}${key}`, inner] as [string, unknown]],
  );
}

const SAMPLES: Record<string, unknown[]> = {
  "learned.text": [{ topic: "clocks", more: true, finished: 2, skipped: 0, liked: 0, not_interested: 0 }],
  "why.term": ["finish"],
  "captions.other_language": ["Spanish", "Norwegian"],
  "why.reason": ["topic_finished", "clocks", 2],
};
function said(table: Messages): [string, string][] {
  return leaves(table).map(([path, leaf]) => {
    if (typeof leaf !== "function") return [path, String(leaf)];
    const values = SAMPLES[path] ?? [1, 2, 3].slice(0, Math.max(1, leaf.length));
    return [path, String((leaf as (...values: unknown[]) => string)(...values))];
  });
}

describe("the tables", () => {
  it("say the same things", () => {
    expect(leaves(fr).map(([path]) => path)).toEqual(leaves(en).map(([path]) => path));
    for (const [path, leaf] of leaves(en)) {
      const other = leaves(fr).find(([p]) => p === path)?.[1];
      expect(typeof other, path).toBe(typeof leaf);
    }
  });

  it("say something everywhere", () => {
    for (const table of [en, fr]) {
      for (const [path, text] of said(table)) {
        expect(text.trim(), path).not.toBe("");
        expect(text, path).not.toMatch(/undefined|NaN|\[object/);
      }
    }
  });

  it("are set as each language is", () => {
    for (const [path, text] of said(fr)) {
      expect(text, `${path}: high punctuation without its no-break space`).not.toMatch(
        /[^\u202f\u00a0][;!?»]|[^\u00a0]:(?!\/)|«[^\u202f]/,
      );
      expect(text, `${path}: straight quotes`).not.toMatch(/['"]/);
    }
    for (const [path, text] of said(en)) expect(text, `${path}: straight quotes`).not.toMatch(/['"]/);
  });
});

describe("what was learned, in words", () => {
  const nothing = { finished: 0, skipped: 0, liked: 0, not_interested: 0 };
  it("says what and why", () => {
    expect(en.learned.text({ ...nothing, topic: "fractals", more: true, finished: 2 })).toBe(
      "More fractals: you watched two to the end.",
    );
    expect(en.learned.text({ ...nothing, topic: "light", more: false, skipped: 3 })).toBe(
      "Less light: you swiped three away.",
    );
    expect(en.learned.text({ ...nothing, topic: "clocks", more: false, not_interested: 1 })).toBe(
      "Fewer clocks: you said so.",
    );
    expect(en.learned.text({ ...nothing, topic: "bees", more: true })).toBe("More #bees from now on.");
    expect(fr.learned.text({ ...nothing, topic: "horloge", more: true, finished: 12 })).toBe(
      "Plus de #horloge\u00a0: vous en avez vu 12 jusqu’au bout.",
    );
    expect(fr.learned.text({ ...nothing, topic: "clocks", more: false, skipped: 1 })).toBe(
      "Moins d’horloges\u00a0: vous en avez passé une.",
    );
  });
});

describe("numbers", () => {
  it("never say a hundred per cent before it is", () => {
    expect(percent("en", 0.999)).toBe("99%");
    expect(percent("en", 1)).toBe("100%");
    expect(percent("fr", 0.5)).toMatch(/^50[\u00a0\u202f]%$/);
  });
  it("carry their sign, with a true minus", () => {
    expect(signed("en", 0.5)).toBe("+0.50");
    expect(signed("fr", -0.5)).toBe("−0,50");
    expect(signed("en", 0)).toBe("0.00");
  });
  it("say durations and sizes as people do", () => {
    expect(duration("en", 662_000)).toBe("11\u00a0min 02\u00a0s");
    expect(duration("fr", 600_000)).toBe("10\u202fmin");
    expect(duration("en", 45_200)).toBe("45\u00a0s");
    expect(bytes("en", 2_500_000)).toBe("2.5 MB");
    expect(bytes("en", 1_000_000_000)).toBe("1 GB");
  });
});
