// The demo world, made once by the server itself and kept in build/test/world; each test gets a
// copy of its own (media files by hard link: they never change).
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "./client.ts";
import { binary, Server, root, until } from "./server.ts";

const kept = join(root, "build/test/world");

export const topics = ["fractals", "cells", "waves", "typography", "kaleidoscopes", "clocks", "light", "mazes"];

// A few minutes on two cores when it is not there yet.
async function make(): Promise<void> {
  const making = kept + ".making";
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  const server = await Server.start({ data: making, args: ["--demo"] });
  try {
    const client = new Client(server.url);
    await until("the demo world", async () => {
      const { demo } = await client.get("/api/v1/network");
      return demo?.state === "ready";
    }, 20 * 60_000);
    // Videos are live with their first rendition; what is still made would be made again beside each
    // test that takes this world.
    await until("all renditions", () => Promise.resolve(readdirSync(join(making, "uploads")).length === 0), 20 * 60_000);
  } finally {
    await server.stop();
  }
  rmSync(kept, { recursive: true, force: true });
  renameSync(making, kept);
}

function copy(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    const source = join(from, name), target = join(to, name);
    if (statSync(source).isDirectory()) copy(source, target);
    else if (/\.(mp4|jpg|m3u8)$/.test(name)) {
      try { linkSync(source, target); } catch { cpSync(source, target); }
    } else cpSync(source, target);
  }
}

export interface World { data: string; remove(): void }

// Another engine cannot fold it, and what ranks it has to be the bundle of this build: else it is
// made again.
function isUsable(): boolean {
  if (!existsSync(kept)) return false;
  const run = (...args: string[]) => spawnSync(binary, args,
    { env: { ...process.env, RONDO_DATA: kept }, timeout: 60_000, encoding: "utf8" });
  return run("digest").status === 0 && / active.*built-in/.test(run("bundle", "list").stdout);
}

export async function world(): Promise<World> {
  if (!isUsable()) await make();
  const data = mkdtempSync(join(tmpdir(), "rondo-world-"));
  copy(kept, data);
  return { data, remove: () => rmSync(data, { recursive: true, force: true }) };
}
