/** Keeps one case's sheet true: read again, a little later and never twice at once, whenever the room says that the case moved. */
import { signal, type ReadonlySignal } from "@preact/signals";
import { Refusal } from "../refusal";
import type { Sheet } from "./sheet";

/** Events come in bursts: one reading for those of so many ms. Spread, so that a full room does not ask at once. */
const PAUSE = 300, SPREAD = 200;
/** Longest wait before another try, where what was read is still older than what happened, or nothing could be read. */
const PATIENCE = 5000;

export interface ReadingOptions {
  read(): Promise<Sheet>;
  after(ms: number, run: () => void): () => void;
  random(): number;
}

export class Reading {
  private readonly _sheet = signal<Sheet | null>(null);
  private readonly _error = signal<unknown>(null);
  readonly sheet: ReadonlySignal<Sheet | null> = this._sheet;
  /** Why it could not be read the last time; null once it could. */
  readonly error: ReadonlySignal<unknown> = this._error;
  /** The newest event that said something of the case. */
  private known = 0;
  private waiting: (() => void) | null = null;
  private asking = false;
  private wanted = false;
  private tries = 0;
  private closed = true;

  constructor(private readonly o: ReadingOptions) {}

  open(): void {
    this.closed = false;
  }

  close(): void {
    this.closed = true;
    this.waiting?.();
    this.waiting = null;
  }

  /** The case is at least as far as this event. */
  heard(seq: number): void {
    // A lower one is of another life of the log: whatever is held is of the former.
    if (seq < this.known) this.wanted = true;
    this.known = seq;
    if (this.behind) this.soon(this._sheet.peek() ? PAUSE + this.o.random() * SPREAD : 0);
  }

  /** Reads anew: the language changed, or someone asks to try again. */
  again(): void {
    this.wanted = true;
    this.tries = 0;
    this.waiting?.();
    this.waiting = null;
    this.soon(0);
  }

  private get behind(): boolean {
    return this.wanted || (this._sheet.peek()?.as_of.seq ?? -1) < this.known;
  }

  private soon(ms: number): void {
    if (this.closed || this.waiting || this.asking) return;
    this.waiting = this.o.after(ms, () => {
      this.waiting = null;
      void this.ask();
    });
  }

  private async ask(): Promise<void> {
    this.asking = true;
    this.wanted = false;
    let again = true;
    try {
      const got = await this.o.read();
      if (!this.closed) this.take(got);
    } catch (error) {
      // What was refused for good is not asked for again by itself.
      again = error instanceof Refusal && error.temporary;
      this._error.value = error;
      this.wanted ||= again;
    } finally {
      this.asking = false;
    }
    if (!again || !this.behind) return;
    this.tries++;
    this.soon(Math.min(PATIENCE, PAUSE * 2 ** (this.tries - 1)));
  }

  private take(got: Sheet): void {
    const held = this._sheet.peek();
    this._error.value = null;
    if (held && held.as_of.epoch === got.as_of.epoch && got.as_of.seq < held.as_of.seq) return;
    if (got.as_of.seq >= this.known) this.tries = 0;
    this._sheet.value = got;
  }
}
