/** The cover: after a while without anyone, this browser shows nothing until its person gives their password; in all tabs, and over reloads. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";

export const IDLE_CHOICES = [0, 1, 5, 15, 60] as const;
export type Idle = (typeof IDLE_CHOICES)[number];

export interface CoverWorld {
  store: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  now(): number;
  after(ms: number, run: () => void): () => void;
}

const IDLE = "consult.idle", ACTIVE = "consult.active", COVERED = "consult.covered";
/** What one does is written down this often at most, for the other tabs and the next start. */
const NOTE_EVERY = 5_000;

export class Cover {
  private readonly _covered = signal(false);
  private readonly _idle = signal<Idle>(0);
  readonly covered: ReadonlySignal<boolean> = computed(() => this._covered.value);
  /** Minutes; 0 for never. Of this browser, whoever uses it. */
  readonly idle: ReadonlySignal<Idle> = computed(() => this._idle.value);
  private noted = 0;
  private cancel = (): void => {};

  constructor(private readonly world: CoverWorld) {}

  /** At the start of the page: a reload, or a tab opened after a while, uncovers nothing. */
  start(): void {
    this.heard();
    if (this._covered.peek()) return;
    if (this._idle.peek() && this.read(ACTIVE) && this.overdue()) this.close();
    else this.active();
  }

  /** Another tab wrote something down. */
  heard(): void {
    const idle = Number(this.read(IDLE));
    this._idle.value = IDLE_CHOICES.find((one) => one === idle) ?? 0;
    this._covered.value = this.read(COVERED) === "1";
    this.wait();
  }

  /** Someone is there. Under the cover that is no news. */
  active(): void {
    if (this._covered.peek()) return;
    const now = this.world.now();
    // A page that slept finds out by the first touch that nobody was there.
    if (this.overdue()) return this.close();
    if (now - this.noted < NOTE_EVERY) return;
    this.noted = now;
    this.write(ACTIVE, String(now));
    this.wait();
  }

  choose(idle: Idle): void {
    this._idle.value = idle;
    this.write(IDLE, String(idle));
    this.noted = 0;
    this.write(ACTIVE, String(this.world.now()));
    this.wait();
  }

  /** Nobody's session is under it any more, or its person has shown who they are. */
  lift(): void {
    this.noted = this.world.now();
    this.write(ACTIVE, String(this.noted));
    try {
      this.world.store.removeItem(COVERED);
    } catch {
      // A forbidden storage has kept nothing either.
    }
    this._covered.value = false;
    this.wait();
  }

  /** Looks at the clock: timers sleep with the page. */
  check(): void {
    if (!this._covered.peek() && this.overdue()) this.close();
  }

  private close(): void {
    this.write(COVERED, "1");
    this._covered.value = true;
    this.cancel();
  }

  private overdue(): boolean {
    const idle = this._idle.peek();
    return idle > 0 && this.world.now() - this.last() >= idle * 60_000;
  }

  private last(): number {
    const now = this.world.now(), last = Number(this.read(ACTIVE)) || this.noted;
    if (last <= now) return last;
    // A clock that was turned back: counted from now, so that it does not keep the screen open.
    this.write(ACTIVE, String(now));
    return now;
  }

  private wait(): void {
    this.cancel();
    const idle = this._idle.peek();
    if (!idle || this._covered.peek()) return;
    this.cancel = this.world.after(Math.max(idle * 60_000 - (this.world.now() - this.last()), 250), () => {
      if (this.overdue()) this.close();
      else this.wait();
    });
  }

  private read(key: string): string | null {
    try {
      return this.world.store.getItem(key);
    } catch {
      return null; // a forbidden storage: what is chosen holds for this page
    }
  }

  private write(key: string, value: string): void {
    try {
      this.world.store.setItem(key, value);
    } catch {
      // As above.
    }
  }
}

/** What counts as someone being there; a mouse that lies on a moving table does not. */
const SIGNS = ["pointerdown", "keydown", "wheel", "touchstart"] as const;

export function browserCover(): Cover {
  return new Cover({
    get store() { return localStorage; }, now: () => Date.now(),
    after: (ms, run) => {
      const id = setTimeout(run, ms);
      return () => clearTimeout(id);
    },
  });
}

/** From the first moment of the page. */
export function watch(cover: Cover): void {
  cover.start();
  for (const sign of SIGNS) addEventListener(sign, () => cover.active(), { capture: true, passive: true });
  addEventListener("storage", (event) => event.key?.startsWith("consult.") && cover.heard());
  document.addEventListener("visibilitychange", () => cover.check());
}
