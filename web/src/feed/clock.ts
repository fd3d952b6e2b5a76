// Time and chance as parameters, so that tests decide both.
export interface Clock {
  now(): number;
  /** Calls `run` once after `delay_ms`; the returned function takes that back. */
  after(delay_ms: number, run: () => void): () => void;
  /** 0 <= x < 1 */
  random(): number;
}

export const browser_clock: Clock = {
  now: () => performance.now(),
  after(delay_ms, run) {
    const timer = setTimeout(run, delay_ms);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

export const RETRY_FIRST_MS = 500;
export const RETRY_MAX_MS = 30_000;

/** Doubles with each failure up to RETRY_MAX_MS; spread by half, so that clients do not return as one. */
export function backoff_ms(failures: number, clock: Clock): number {
  const full = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.max(0, failures - 1));
  return full * (0.5 + clock.random() / 2);
}
