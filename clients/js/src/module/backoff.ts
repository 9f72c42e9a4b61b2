/** How long to wait between attempts, in milliseconds. */
export interface Backoff {
  /** Bound of the first wait. Default 500. */
  min?: number;
  /** Bound of every wait. Default 30000. */
  max?: number;
}

/** The wait before attempt number `failures` (from 1): doubled each time up to `max`, then a random part of at
 * least half of it, so that the clients of a server that comes back do not come back together. */
export function wait({ min = 500, max = 30_000 }: Backoff, failures: number, random: () => number = Math.random): number {
  const bound = Math.min(max, min * 2 ** Math.min(failures - 1, 20));
  return bound / 2 + (random() * bound) / 2;
}

/** Resolves after `milliseconds`, earlier when the network or the page comes back, or when `signal` aborts. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const target = globalThis as unknown as Partial<EventTarget> & { document?: Document };
    const done = () => {
      clearTimeout(timer);
      target.removeEventListener?.('online', done);
      target.document?.removeEventListener('visibilitychange', seen);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const seen = () => target.document?.visibilityState === 'visible' && done();
    const timer = setTimeout(done, milliseconds);
    target.addEventListener?.('online', done);
    target.document?.addEventListener('visibilitychange', seen);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
