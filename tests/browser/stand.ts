// What every file of browser tests stands on: a server on a demo world of its own, and Chromium.
import { after, before } from "node:test";
import type { Browser } from "playwright-core";
import { Server } from "../support/server.ts";
import { world, type World } from "../support/world.ts";
import { launch, with_tab, type Tab, type TabOptions } from "./chromium.ts";

export interface Stand {
  server: Server;
  browser: Browser;
  tab<T>(path: string, options: TabOptions, use: (tab: Tab) => Promise<T>): Promise<T>;
}

export function stand(): Stand {
  let made: World | undefined;
  const it = {
    tab: (path: string, options: TabOptions, use: (tab: Tab) => Promise<any>) =>
      with_tab(it.browser, it.server, path, options, use),
  } as Stand;
  before(async () => {
    made = await world();
    // On a machine that is busy otherwise, For You takes its time rather than fall back to Latest.
    it.server = await Server.start({ data: made.data, args: ["--feed.wait_ms_max=5000"] });
    it.browser = await launch();
  }, { timeout: 25 * 60_000 });
  after(async () => {
    await it.browser?.close();
    await it.server?.stop();
    made?.remove();
  });
  return it;
}
