/** Hints of live rules about a text being written: asked for once the typing rests, and only where some rule hints. */
import { signal } from "@preact/signals";

/** One rule that finds something, by its name in both languages. */
export interface Hint { rule: string; fr: string; en: string }
export interface HintDoors {
  /** Whether any rule hints; no text is sent for that. */
  hinting(): Promise<boolean>;
  check(text: string): Promise<readonly Hint[]>;
  after(ms: number, run: () => void): () => void;
  now(): number;
}

/** What the server looks at; a longer text is refused anyway. */
const LONGEST = 8_000;
const REST = 900, LOOK_AGAIN = 60_000;

/** Whether rules hint, remembered for a minute: most services have none, and then no text leaves. */
export function remembered(ask: () => Promise<boolean>, now: () => number): () => Promise<boolean> {
  let known = false, until = -Infinity;
  return async () => {
    if (now() < until) return known;
    known = await ask();
    until = now() + LOOK_AGAIN;
    return known;
  };
}

export class Hinting {
  readonly said = signal<readonly Hint[]>([]);
  private text = "";
  private checked = "";
  private stop: (() => void) | null = null;

  constructor(private readonly o: HintDoors) {}

  /** The text as it is now; called at each key. */
  write(text: string): void {
    this.stop?.();
    this.stop = null;
    this.text = text;
    if (text.trim() && text.length <= LONGEST) this.stop = this.o.after(REST, () => void this.ask(text));
    else { this.said.value = []; this.checked = ""; }
  }

  private async ask(text: string): Promise<void> {
    if (text === this.checked) return;
    try {
      const found = (await this.o.hinting()) && text === this.text ? await this.o.check(text) : [];
      // Words that were written on meanwhile have a rest of their own.
      if (text !== this.text) return;
      this.checked = text;
      this.said.value = found;
    } catch {
      // A hint holds nobody up: what is sent is judged by the server, and the next rest asks again.
    }
  }

  close(): void {
    this.stop?.();
    this.text = "";
  }
}
