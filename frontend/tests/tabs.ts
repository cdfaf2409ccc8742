/** Two tabs of one browser, for tests: one database, one lock manager, channels that reach the others. */
import type { Channel, Locks } from "../src/outbox";

export class Channels {
  private open = new Map<string, Set<Channel>>();
  make(name: string): Channel {
    const peers = this.open.get(name) ?? new Set();
    this.open.set(name, peers);
    const channel: Channel = {
      onmessage: null,
      postMessage: (message) => {
        for (const peer of peers) if (peer !== channel) queueMicrotask(() => peer.onmessage?.({ data: structuredClone(message) }));
      },
      close: () => peers.delete(channel),
    };
    peers.add(channel);
    return channel;
  }
}

/** The Web Locks that the outbox uses: exclusive, first come first served, given up by an abort while waiting. */
export class LockManager implements Locks {
  private tails = new Map<string, Promise<unknown>>();
  request(name: string, options: { signal?: AbortSignal }, held: () => Promise<void>): Promise<unknown> {
    const before = this.tails.get(name) ?? Promise.resolve();
    const mine = before.then(() => (options.signal?.aborted ? undefined : held()));
    this.tails.set(name, mine.catch(() => undefined));
    return mine;
  }
}

/** Sealing is done by other threads, so that a turn takes a moment. */
export const settle = async (turns = 15): Promise<void> => {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve, 2));
};
