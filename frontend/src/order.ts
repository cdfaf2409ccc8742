/** One room's order: every event of one epoch once, in sequence; what comes too early waits until the hole is filled. */
import type { EventFrame, Head } from "./protocol";

/** More than this waiting behind a hole is dropped: entering again brings it anyway. */
const AHEAD = 2000;

export class Order {
  epoch: string | null = null;
  /** The last event taken; the cursor to resume from. */
  tip = 0;
  /** The newest event that is known to exist. */
  known = 0;
  private ahead = new Map<number, EventFrame>();

  get head(): Head | null {
    return this.epoch === null ? null : { epoch: this.epoch, seq: this.tip };
  }

  /** How many events are known to exist and not yet taken. */
  get missing(): number {
    return Math.max(0, this.known - this.tip);
  }

  set(head: Head): void {
    if (head.epoch !== this.epoch) this.ahead.clear();
    this.known = head.epoch === this.epoch ? Math.max(this.known, head.seq) : head.seq;
    this.epoch = head.epoch;
    this.tip = head.seq;
    for (const seq of this.ahead.keys()) if (seq <= head.seq) this.ahead.delete(seq);
  }

  /** The events that are now next, in order: none where it repeats or where a hole lies before it. */
  take(event: EventFrame): EventFrame[] {
    if (event.epoch !== this.epoch || event.seq <= this.tip) return [];
    this.known = Math.max(this.known, event.seq);
    if (event.seq !== this.tip + 1) {
      if (this.ahead.size < AHEAD) this.ahead.set(event.seq, event);
      return [];
    }
    const taken = [event];
    this.tip = event.seq;
    this.ahead.delete(event.seq);
    return taken.concat(this.freed());
  }

  /** What waited and is next now. */
  freed(): EventFrame[] {
    const out: EventFrame[] = [];
    for (let next = this.ahead.get(this.tip + 1); next; next = this.ahead.get(this.tip + 1)) {
      this.ahead.delete(next.seq);
      this.tip = next.seq;
      out.push(next);
    }
    return out;
  }
}
