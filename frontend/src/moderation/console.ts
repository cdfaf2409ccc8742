/**
 * The console while it is open: the queue kept true by the console's own room, and the figures of the rooms watched.
 *
 * It may stay open for a day: the queue is bounded, what the room tells is asked for in batches, and a page nobody looks at asks seldom.
 */
import { signal, type Signal } from "@preact/signals";
import type { EventFrame } from "../protocol";
import type { Item, QueuePage, Watched } from "./door";
import { EMPTY, merge, MOST, remove, replace, told, watching, type Queue } from "./queue";

export interface ConsoleOptions {
  queue(of: { next?: string | null; items?: string[] }): Promise<QueuePage>;
  watch(rooms: string[]): Promise<{ rooms: Watched[] }>;
  /** Hears the console's room; `again` where what it told may have been missed. Answers how to stop. */
  listen(room: string, hear: { events(events: EventFrame[]): void; again(): void }): () => void;
  after(ms: number, run: () => void): () => void;
  hidden(): boolean;
  /** Rooms this person follows, to fill what is free beside those with open items. */
  others(): string[];
  chosen: Signal<string[]>;
  /** New here or graver than before, and urgent: to be said. */
  urgent(item: Item): void;
}

const POLL = 10_000, POLL_HIDDEN = 120_000, POLL_MOST = 120_000, ASK_AFTER = 300, ASK_MOST = 50, RETRY = 5_000;
const URGENT = 2, DECIDED = 50;

export class Console {
  readonly queue = signal<Queue>(EMPTY);
  readonly loaded = signal(false);
  readonly error = signal<unknown>(null);
  readonly watched = signal<Watched[]>([]);
  /** Items that were told to be decided; the latest of them. */
  readonly decided = signal<ReadonlySet<string>>(new Set());
  private stopListening: (() => void) | null = null;
  private room: string | null = null;
  private due = new Set<string>();
  private asking: (() => void) | null = null;
  private polling: (() => void) | null = null;
  private failures = 0;
  private turn = 0;
  private loading: Promise<void> | null = null;
  private again = false;
  /** The pages read so far are from before something that nobody here has heard: from the first one again. */
  private missed = false;
  /** For each answer on its way, what the room told meanwhile: the answer may be older. */
  private readonly meanwhile = new Set<EventFrame[]>();
  private closed = false;
  /** What a claim is worth without an act, in seconds, as the server says. */
  private claimS = 0;

  constructor(private readonly o: ConsoleOptions) {}

  start(): void {
    void this.load();
  }

  /** The whole queue, page after page; asked again while under way, it is read once more afterwards. */
  load(): Promise<void> {
    if (this.loading) this.again = true;
    this.loading ??= this.fetchAll().finally(() => {
      this.loading = null;
      this.askSoon();
      if (!this.again || this.closed) return;
      this.again = false;
      void this.load();
    });
    return this.loading;
  }

  private async fetchAll(): Promise<void> {
    const since: EventFrame[] = [];
    this.meanwhile.add(since);
    try {
      const items: Item[] = [];
      let next: string | null = null;
      this.missed = false;
      for (;;) {
        const page: QueuePage = await this.o.queue({ next });
        if (this.closed) return;
        items.push(...page.items);
        this.claimS = page.claim_s;
        this.follow(page.room);
        next = page.next ?? null;
        if (this.missed) {
          this.missed = false;
          items.length = 0;
          next = null;
        } else if (!next || items.length >= MOST) break;
      }
      this.queue.value = this.tell(replace(this.queue.peek(), items), since);
      this.error.value = null;
      this.loaded.value = true;
      if (!this.polling) void this.poll();
    } catch (why) {
      this.error.value = why;
      if (!this.closed && !this.loaded.peek()) this.o.after(RETRY, () => this.closed || void this.load());
    } finally {
      this.meanwhile.delete(since);
    }
  }

  private follow(room: string): void {
    if (this.room === room) return;
    this.stopListening?.();
    this.room = room;
    // Somebody here may hear the room already: then no entry says that something was told before.
    this.missed = true;
    this.stopListening = this.o.listen(room, {
      events: (events) => this.heard(events),
      again: () => {
        if (this.loading) this.missed = true;
        else void this.load();
      },
    });
  }

  private heard(events: EventFrame[]): void {
    for (const since of this.meanwhile) since.push(...events);
    this.queue.value = this.tell(this.queue.peek(), events);
    for (const event of events) {
      if (!event.kind.endsWith(".decided")) continue;
      const { item = "" } = event.data as { item?: string };
      this.decided.value = new Set([...this.decided.peek(), item].slice(-DECIDED));
    }
    this.askSoon();
  }

  /** The queue after what was told; which items are to be read anew is kept in `due`. */
  private tell(queue: Queue, events: readonly EventFrame[]): Queue {
    for (const event of events) {
      const after = told(queue, event, this.claimS);
      queue = after.queue;
      for (const item of after.ask) this.due.add(item);
      if (event.kind.endsWith(".decided")) this.due.delete((event.data as { item?: string }).item ?? "");
    }
    return queue;
  }

  /** While the whole is being read, what is new waits for it: it would be dropped again. */
  private askSoon(): void {
    if (this.due.size && !this.loading && !this.closed) this.asking ??= this.o.after(ASK_AFTER, () => void this.ask());
  }

  /** Some items as somebody else asked for them; one that was decided meanwhile does not come back. */
  take(items: readonly Item[]): void {
    this.queue.value = merge(this.queue.peek(), items.filter((one) => !this.decided.peek().has(one.item)));
  }

  private async ask(): Promise<void> {
    if (this.loading) return void (this.asking = null);
    const since: EventFrame[] = [];
    this.meanwhile.add(since);
    const items = [...this.due].slice(0, ASK_MOST);
    for (const item of items) this.due.delete(item);
    try {
      const page = await this.o.queue({ items });
      if (this.closed) return;
      const known = new Map(this.queue.peek().items.map((one) => [one.item, one.urgency]));
      let queue = merge(this.queue.peek(), page.items);
      const answered = new Set(page.items.map((one) => one.item));
      for (const item of items) if (!answered.has(item)) queue = remove(queue, item);
      this.queue.value = this.tell(queue, since);
      const held = new Set(this.queue.peek().items.map((one) => one.item));
      for (const item of page.items) if (held.has(item.item) && item.urgency >= URGENT && item.state === "open" && (known.get(item.item) ?? 0) < URGENT) this.o.urgent(item);
    } catch {
      // What was not told is not lost: the whole is read again.
      this.again = true;
      this.o.after(RETRY, () => this.closed || void this.load());
    } finally {
      this.meanwhile.delete(since);
    }
    this.asking = null;
    this.askSoon();
  }

  rooms(): string[] {
    return watching(this.o.chosen.peek(), this.queue.peek().items, this.o.others());
  }

  private async poll(): Promise<void> {
    this.polling?.();
    this.polling = () => undefined;
    const turn = ++this.turn;
    const rooms = this.rooms();
    if (rooms.length) {
      try {
        const { rooms: seen } = await this.o.watch(rooms);
        const rank = new Map(rooms.map((room, at) => [room, at]));
        if (!this.closed && turn === this.turn) this.watched.value = seen.filter((one) => rank.has(one.room)).sort((a, b) => rank.get(a.room)! - rank.get(b.room)!);
        this.failures = 0;
      } catch {
        this.failures++;
      }
    }
    // One that was begun since goes on in its place.
    if (this.closed || turn !== this.turn) return;
    const wait = this.o.hidden() ? POLL_HIDDEN : Math.min(POLL_MOST, POLL * 2 ** Math.min(this.failures, 4));
    this.polling = this.o.after(wait, () => void this.poll());
  }

  /** The page is looked at again, or another room is to be watched: no waiting. */
  look(): void {
    if (this.loaded.peek()) void this.poll();
  }

  close(): void {
    this.closed = true;
    this.stopListening?.();
    this.asking?.();
    this.polling?.();
  }
}
