/** Sends what was written: room by room, one at a time and in order, under the same id until it is acknowledged or refused for good. */
import type { MessagePost, OkFrame } from "../protocol";
import { Refusal } from "../refusal";
import type { Store, Unsent } from "./store";

export interface Sent { seq: number; message: string }
interface Waiter { resolve(sent: Sent): void; reject(error: Refusal): void }

/** A temporary refusal that says no time is tried again after this. */
const RETRY = 1000;

export class Outbox {
  private lines = new Map<string, Unsent[]>();
  private waiters = new Map<string, Waiter>();
  private busy = new Set<string>();
  private up = false;

  constructor(private readonly store: Store, private readonly send: (post: MessagePost) => Promise<OkFrame>) {}

  get unsent(): Unsent[] {
    return [...this.lines.values()].flat();
  }

  /** What an earlier life of the app left. */
  load(left: Unsent[]): void {
    for (const message of left) this.line(message.room).push(message);
  }

  /** Resolves once committed; rejects with the refusal that is not temporary. Until then it is kept, whatever happens. */
  async post(message: Unsent): Promise<Sent> {
    const sent = new Promise<Sent>((resolve, reject) => this.waiters.set(message.id, { resolve, reject }));
    await this.store.put(message);
    this.line(message.room).push(message);
    void this.pump(message.room);
    return sent;
  }

  connected(): void {
    this.up = true;
    for (const room of this.lines.keys()) void this.pump(room);
  }

  disconnected(): void {
    this.up = false;
  }

  private line(room: string): Unsent[] {
    let line = this.lines.get(room);
    if (!line) this.lines.set(room, (line = []));
    return line;
  }

  private async pump(room: string): Promise<void> {
    if (this.busy.has(room)) return;
    this.busy.add(room);
    const line = this.line(room);
    try {
      for (let next = line[0]; next && this.up; next = line[0]) await this.one(next, line);
    } finally {
      this.busy.delete(room);
    }
  }

  private async one(next: Unsent, line: Unsent[]): Promise<void> {
    let sent: Sent | null = null, refused: Refusal | null = null;
    try {
      const ok = (await this.send({ type: "message.post", room: next.room, id: next.id, body: next.body, ...(next.replyTo ? { reply_to: next.replyTo } : {}) })) as OkFrame & Sent;
      sent = { seq: ok.seq, message: ok.message };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code === "network.lost") return this.disconnected(); // the next connection says when to go on
      if (error.temporary) return new Promise((go) => setTimeout(go, error.retryAfter || RETRY));
      refused = error;
    }
    await this.store.done(next.id);
    line.shift();
    const waiter = this.waiters.get(next.id);
    this.waiters.delete(next.id);
    if (sent) waiter?.resolve(sent);
    else if (refused) waiter?.reject(refused);
  }
}
