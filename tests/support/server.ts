// The real binary on a free port with data of its own. Ends by the pid that it was started as.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const binary = process.env.RONDO_BINARY ?? join(root, "build/release/bin/rondo");
export const sharedData = process.env.RONDO_SHARED_DATA ?? resolve(root, "../shared/data");

export interface ServerOptions {
  data?: string; // kept when given; else a temporary folder that goes with the server
  args?: string[];
  env?: Record<string, string>;
}

export class Server {
  readonly url: string;
  readonly data: string;
  readonly lines: string[];
  private readonly child: ChildProcess;
  private readonly temporary: boolean;
  readonly exited: Promise<number | null>;

  private constructor(child: ChildProcess, url: string, data: string, temporary: boolean,
    lines: string[], exited: Promise<number | null>) {
    this.child = child;
    this.url = url;
    this.data = data;
    this.temporary = temporary;
    this.lines = lines;
    this.exited = exited;
  }

  static async start(options: ServerOptions = {}): Promise<Server> {
    const temporary = options.data === undefined;
    const data = options.data ?? mkdtempSync(join(tmpdir(), "rondo-test-"));
    const args = ["serve", "--server.port=0", "--log.format=json",
      ...(options.args?.includes("--demo") ? [] : ["--no-demo"]),
      "--limits.sign_up_per_hour=100000", "--limits.viewers_per_minute=100000",
      "--limits.sign_in_per_minute=100000", "--limits.events_per_second=100000",
      ...(options.args ?? [])];
    const child = spawn(binary, args, {
      env: { ...process.env, RONDO_DATA: data, ...options.env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const lines: string[] = [];
    const exited = new Promise<number | null>((done) => child.once("exit", (code) => done(code)));
    const port = await new Promise<number>((done, fail) => {
      const timer = setTimeout(() => fail(new Error("the server did not start:\n" + lines.join("\n"))), 30_000);
      createInterface({ input: child.stderr! }).on("line", (line) => {
        lines.push(line);
        if (lines.length > 5000) lines.splice(0, 1000);
        try {
          const entry = JSON.parse(line);
          if (entry.message === "the server listens") {
            clearTimeout(timer);
            done(entry.port);
          }
        } catch { /* not a log line: kept for the failure's text */ }
      });
      child.once("exit", (code) => {
        clearTimeout(timer);
        fail(new Error(`the server ended with ${code}:\n` + lines.join("\n")));
      });
    });
    return new Server(child, `http://127.0.0.1:${port}`, data, temporary, lines, exited);
  }

  get pid(): number { return this.child.pid!; }

  // Like a power cut for the process: nothing is flushed.
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exited;
  }

  // Ctrl-C.
  async interrupt(): Promise<number | null> {
    this.child.kill("SIGINT");
    return await this.exited;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.interrupt();
    if (this.temporary) rmSync(this.data, { recursive: true, force: true });
  }
}

// Polls until `probe` gives something, with a deadline; never sleeps just to wait.
export async function until<T>(what: string, probe: () => Promise<T | undefined | false>,
  deadlineMs = 10_000): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await new Promise((wake) => setTimeout(wake, 25));
  }
}

export function hasSharedData(part: string): boolean {
  return existsSync(join(sharedData, part));
}
