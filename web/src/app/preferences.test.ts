import { beforeEach, expect, it, vi } from "vitest";

class Connection extends EventTarget {
  saveData = false;
  wish(saves: boolean) {
    this.saveData = saves;
    this.dispatchEvent(new Event("change"));
  }
}
let stored: Map<string, string>;
let connection: Connection | undefined;

/** As after a load of the page. */
async function load() {
  vi.resetModules();
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => void stored.set(name, value),
  });
  vi.stubGlobal("navigator", connection ? { connection } : {});
  vi.stubGlobal("matchMedia", () => Object.assign(new EventTarget(), { matches: false }));
  vi.stubGlobal("document", { documentElement: { dataset: {} } });
  return (await import("./preferences.svelte")).preferences;
}

beforeEach(() => {
  stored = new Map();
  connection = new Connection();
});

it("saves data while the browser wishes it", async () => {
  const preferences = await load();
  expect(preferences.data_saver).toBe(false);
  connection?.wish(true);
  expect(preferences.data_saver).toBe(true);
  connection?.wish(false);
  expect(preferences.data_saver).toBe(false);
  expect(stored.size).toBe(0); // nobody has said anything here
});

it("goes by what was said on this device, whatever the browser wishes", async () => {
  (await load()).data_saver = true;
  expect((await load()).data_saver).toBe(true);
  connection?.wish(true);
  (await load()).data_saver = false;
  expect((await load()).data_saver).toBe(false);
});

it("saves none where the browser tells nothing", async () => {
  connection = undefined;
  expect((await load()).data_saver).toBe(false);
});
