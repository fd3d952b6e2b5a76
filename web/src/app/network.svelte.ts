// The network's name, limits, and how far its demo world is: asked again while that is being made.
import { api } from "../api/client";
import type { Network } from "../api/types";

const POLL_MS = 2_000;
const RETRY_MS = 5_000;

class NetworkInfo {
  current = $state.raw<Network | undefined>();

  async start(): Promise<void> {
    let delay_ms = RETRY_MS;
    try {
      this.current = await api.network();
      const demo = this.current.demo;
      if (!demo || demo.state === "ready") return;
      delay_ms = POLL_MS;
    } catch {
      // the feed says what is wrong; this only keeps asking
    }
    setTimeout(() => void this.start(), delay_ms);
  }
}

export const network = new NetworkInfo();
