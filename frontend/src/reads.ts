/** Read marks: monotonic, at most one a room each 2 s over the wire, at once in every tab. */

const PACE = 2000;

export interface ReadsOptions {
  mark(room: string, seq: number): Promise<unknown>;
  connected(): boolean;
  now(): number;
  after(ms: number, run: () => void): () => void;
}

export class Reads {
  private wanted = new Map<string, number>();
  private told = new Map<string, number>();
  private last = new Map<string, number>();
  private timers = new Set<string>();

  constructor(private readonly o: ReadsOptions) {}

  /** True where this goes further than before. */
  mark(room: string, seq: number): boolean {
    if (seq <= this.upTo(room)) return false;
    this.wanted.set(room, seq);
    this.send(room);
    return true;
  }

  /** Said by the server, or by another tab that tells it. */
  heard(room: string, seq: number): void {
    this.told.set(room, Math.max(seq, this.told.get(room) ?? 0));
    if ((this.wanted.get(room) ?? 0) <= seq) this.wanted.delete(room);
  }

  upTo(room: string): number {
    return Math.max(this.wanted.get(room) ?? 0, this.told.get(room) ?? 0);
  }

  /** The connection is back: what could not be said meanwhile. */
  connected(): void {
    for (const room of [...this.wanted.keys()]) this.send(room);
  }

  private send(room: string): void {
    const seq = this.wanted.get(room);
    if (seq === undefined || this.timers.has(room) || !this.o.connected()) return;
    const wait = (this.last.get(room) ?? -Infinity) + PACE - this.o.now();
    if (wait > 0) {
      this.timers.add(room);
      this.o.after(wait, () => {
        this.timers.delete(room);
        this.send(room);
      });
      return;
    }
    this.last.set(room, this.o.now());
    this.o.mark(room, seq).then(
      () => this.heard(room, seq),
      () => undefined, // The next connection says it again; a refused mark is no news to anyone.
    );
  }
}
