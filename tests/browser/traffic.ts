// What a page has fetched: bytes of bodies by path, as they arrive, whether a request ends or is
// given up. What comes out of the browser's own cache does not count.
import type { Page } from "playwright-core";

export class Traffic {
  private readonly bodies = new Map<string, number>();
  private readonly paths = new Map<string, string>(); // by request

  static async of(page: Page): Promise<Traffic> {
    const traffic = new Traffic();
    const session = await page.context().newCDPSession(page);
    session.on("Network.requestWillBeSent", ({ requestId, request }) => {
      traffic.paths.set(requestId, new URL(request.url).pathname);
    });
    session.on("Network.requestServedFromCache", ({ requestId }) => void traffic.paths.delete(requestId));
    session.on("Network.responseReceived", ({ requestId, response }) => {
      if (response.fromDiskCache) traffic.paths.delete(requestId);
    });
    session.on("Network.dataReceived", ({ requestId, dataLength }) => {
      const path = traffic.paths.get(requestId);
      if (path !== undefined) traffic.bodies.set(path, (traffic.bodies.get(path) ?? 0) + dataLength);
    });
    await session.send("Network.enable");
    return traffic;
  }

  get by_path(): ReadonlyMap<string, number> {
    return this.bodies;
  }

  bytes(which: RegExp): number {
    let sum = 0;
    for (const [path, bytes] of this.bodies) if (which.test(path)) sum += bytes;
    return sum;
  }
}
