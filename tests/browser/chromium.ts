// A person at a browser: Chromium on the real server, with everything written down that no test
// may pass over (console errors, exceptions, breaches of the content security policy, errors of the
// server), and what the client asked the API and was told.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext, type Page, type Request } from "playwright-core";
import type { Client } from "../support/client.ts";
import { Server, root, until } from "../support/server.ts";

export const phone = { width: 360, height: 800 };
export const desktop = { width: 1280, height: 800 };

const artifacts = join(root, "build/artifacts");
const axe_source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// Autoplay stays as browsers have it: silent playing is free, sound wants a gesture.
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}

export interface TabOptions {
  size?: { width: number; height: number };
  /** Device pixels to a CSS pixel. */
  scale?: number;
  locale?: "en" | "fr";
  scheme?: "dark" | "light";
  /** What this test provokes: console errors that match are not held against the client. */
  provoked?: RegExp[];
  /** Whose session it is from the first request on; nobody's else. */
  session?: Client;
  /** Before the page is opened. */
  prepare?(context: BrowserContext): Promise<unknown>;
}

/** One question for a page of For You, and its answer. Orders count requests and answers alike. */
export interface Asked {
  asked_at: number;
  after_offset: number | undefined;
  held: string[];
  answered_at?: number;
  page?: any;
}

/** One batch of events. */
export interface Posted {
  posted_at: number;
  events: any[];
  answered_at?: number;
  offset?: number;
}

export interface Shown {
  index: number;
  phase: string;
  video: string;
  topic: string;
  author: string;
  slot: string; // "page:slot", empty when no ranked page gave it
  painted: boolean;
}

export class Tab {
  readonly page: Page;
  readonly asked: Asked[] = [];
  readonly posted: Posted[] = [];
  readonly media: string[] = []; // addresses, in the order of the requests
  private readonly context: BrowserContext;
  private readonly problems: string[] = [];
  private readonly provoked: RegExp[];
  private order = 0;

  private constructor(context: BrowserContext, page: Page, provoked: RegExp[]) {
    this.context = context;
    this.page = page;
    this.provoked = provoked;
  }

  static async open(browser: Browser, server: Server, path: string, options: TabOptions = {}): Promise<Tab> {
    const size = options.size ?? phone;
    const touch = size.width < 720;
    const context = await browser.newContext({
      baseURL: server.url, viewport: size, locale: options.locale ?? "en",
      colorScheme: options.scheme ?? "dark", hasTouch: touch, isMobile: touch,
      deviceScaleFactor: options.scale ?? 1,
    });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const tab = new Tab(context, page, options.provoked ?? []);
    await tab.listen();
    if (options.session) {
      await context.addCookies([{ name: "rondo_session", value: options.session.token!, url: server.url }]);
    }
    await options.prepare?.(context);
    await page.goto(path);
    return tab;
  }

  private async listen(): Promise<void> {
    await this.page.exposeFunction("rondo_policy_breach", (text: string) => this.problems.push(text));
    await this.page.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => {
        (globalThis as any).rondo_policy_breach(
          `policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
      });
    });
    this.page.on("console", (message) => {
      if (message.type() !== "error" && message.type() !== "warning") return;
      this.problems.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
    this.page.on("pageerror", (error) => this.problems.push(`exception: ${error.stack ?? error.message}`));
    this.page.on("response", (response) => {
      if (response.status() >= 500) this.problems.push(`${response.status()} of ${response.url()}`);
    });
    this.page.on("request", (request) => this.write_down(request));
    this.page.on("requestfinished", (request) => void this.write_answer(request));
  }

  private readonly open_asked = new Map<Request, Asked>();
  private readonly open_posted = new Map<Request, Posted>();

  private write_down(request: Request): void {
    const url = new URL(request.url());
    if (url.pathname === "/api/v1/feeds/for_you") {
      const after = url.searchParams.get("after_offset");
      const held = url.searchParams.get("held");
      const asked: Asked = {
        asked_at: ++this.order,
        after_offset: after === null ? undefined : Number(after),
        held: held ? held.split(",") : [],
      };
      this.asked.push(asked);
      this.open_asked.set(request, asked);
    } else if (url.pathname === "/api/v1/events") {
      const posted = { posted_at: ++this.order, events: request.postDataJSON().events };
      this.posted.push(posted);
      this.open_posted.set(request, posted);
    } else if (url.pathname.startsWith("/media/") && /\.mp4$|\/[^/.]+$/.test(url.pathname)) {
      this.media.push(url.pathname);
    }
  }

  private async write_answer(request: Request): Promise<void> {
    const asked = this.open_asked.get(request), posted = this.open_posted.get(request);
    if (!asked && !posted) return;
    const at = ++this.order;
    const response = await request.response();
    const body = await response?.json().catch(() => undefined); // the page may be gone
    if (!body || !response?.ok()) return;
    if (asked) Object.assign(asked, { answered_at: at, page: body });
    if (body.fallback) this.problems.push(`For You fell back: ${body.fallback}`);
    if (posted) Object.assign(posted, { answered_at: at, offset: body.offset });
  }

  get events(): any[] {
    return this.posted.flatMap((batch) => batch.events);
  }

  at(testid: string) {
    return this.page.getByTestId(testid);
  }

  // What is on screen, in one look; undefined while no video is.
  async look(): Promise<Shown | undefined> {
    return await this.page.evaluate(() => {
      const stage = document.querySelector<HTMLElement>("[data-testid=stage]");
      const slide = stage?.querySelector<HTMLElement>("[data-testid=slide][data-current=true]");
      const data = slide?.dataset;
      if (!stage || !data?.videoId) return undefined;
      return {
        index: Number(stage.dataset.index), phase: stage.dataset.phase ?? "",
        video: data.videoId, topic: data.topic ?? "", author: data.author ?? "",
        slot: data.pageId ? `${data.pageId}:${data.slot}` : "", painted: data.painted === "true",
      };
    });
  }

  // The video on screen, once it plays and moves.
  async playing(deadline_ms = 10_000): Promise<Shown> {
    const started = await this.position();
    return await until("a video that plays", async () => {
      const shown = await this.look();
      return shown?.phase === "playing" && shown.painted && (await this.position()) !== started && shown;
    }, deadline_ms);
  }

  position(): Promise<number> {
    return this.page.evaluate(() =>
      document.querySelector<HTMLVideoElement>("[data-current=true] video")?.currentTime ?? -1);
  }

  /** Down or up by a key; waits for the next place, a video or the end of the feed. */
  async go(key: "ArrowDown" | "ArrowUp"): Promise<Shown | undefined> {
    const stage = this.at("stage");
    const from = Number(await stage.getAttribute("data-index"));
    await this.page.keyboard.press(key);
    const to = String(key === "ArrowDown" ? from + 1 : from - 1);
    await until(`position ${to}`, async () => (await stage.getAttribute("data-index")) === to);
    return await this.look();
  }

  async shot(name: string): Promise<void> {
    this.keep(`${name}.png`, await this.page.screenshot());
  }

  keep(name: string, bytes: Buffer): void {
    mkdirSync(artifacts, { recursive: true });
    writeFileSync(join(artifacts, name), bytes);
  }

  // What axe finds wrong, one line each. Runs outside the page's policy, as an extension would.
  async axe(): Promise<string[]> {
    if (!(await this.page.evaluate(() => "axe" in globalThis))) await this.page.evaluate(axe_source);
    return await this.page.evaluate(async () => {
      const { violations } = await (globalThis as any).axe.run(document, {
        resultTypes: ["violations"], preload: false,
      });
      return violations.flatMap((violation: any) =>
        violation.nodes.map((node: any) =>
          `${violation.id} ${node.target.join(" ")}: ${node.failureSummary.replace(/\s+/g, " ")}`));
    });
  }

  async close(): Promise<void> {
    await this.context.close();
    const left = this.problems.filter((text) => !this.provoked.some((pattern) => pattern.test(text)));
    assert.deepEqual(left, [], "the browser complained");
  }

  /** After a failure: keeps what was to be seen, and ends without a word of its own. */
  async abandon(name: string, server: Server): Promise<void> {
    await this.shot(`failed-${name}`).catch(() => undefined);
    for (const problem of this.problems) console.log(`  browser: ${problem}`);
    for (const line of server.lines) if (/"(warning|error)"/.test(line)) console.log(`  server: ${line}`);
    await this.context.close().catch(() => undefined);
  }
}

/** Opens a tab for the time of `use`, which then must leave the console clean. */
export async function with_tab<T>(browser: Browser, server: Server, path: string, options: TabOptions,
  use: (tab: Tab) => Promise<T>): Promise<T> {
  const tab = await Tab.open(browser, server, path, options);
  let result: T;
  try {
    result = await use(tab);
  } catch (error) {
    const name = `${path}-${options.size?.width ?? phone.width}`.replace(/[^\w]+/g, "-");
    await tab.abandon(name, server);
    throw error;
  }
  await tab.close();
  return result;
}
