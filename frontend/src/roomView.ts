/** One open room as views see it: signals over its log, and the actions in it. */
import { batch, computed, effect, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Mark, Point } from "./pictures/shapes";
import type { Api, Refusal } from "./api";
import type { Cache } from "./cache";
import { EMPTY, type Drafts } from "./drafts";
import { buildLines } from "./lines";
import type { Live, Track } from "./live";
import type { Outbox } from "./outbox";
import type { Mention, MessageItem, Reaction, RoomState } from "./protocol";
import type { RoomLog } from "./roomLog";
import type { RoomList } from "./roomList";
import type { Socket } from "./socket";
import type { Confirmed, Draft, Line, OutboxEntry, RoomItem, RoomView } from "./types";
import { WindowPages } from "./windowPages";

export interface RoomViewOptions {
  id: string;
  me: string;
  api: Api;
  socket: Pick<Socket, "call">;
  live: Live;
  list: RoomList;
  outbox: Outbox;
  outboxTick: ReadonlySignal<number>;
  drafts: Drafts;
  cache: Cache;
  markRead(room: string, seq: number): void;
  after(ms: number, run: () => void): () => void;
  now(): number;
}

const KEPT = 100;
/** More unread than these, and the first page is the one around the read mark. */
const FAR = 60;
/** A first page for someone who waits, on whatever network a phone has. */
const LANDING_PAGE = 60;
const TYPED_EVERY = 3000, CACHE_PAUSE = 3000;

export class OpenRoom implements RoomView {
  readonly id: string;
  readonly error = signal<Refusal | null>(null);
  readonly gone = signal<string | null>(null);
  readonly draft: Signal<Draft> = signal(EMPTY);
  readonly jump = signal<{ seq: number } | null>(null);
  readonly newSince = signal<{ seq: number; at: string; count: number } | null>(null);
  private readonly tick = signal(0);
  private drawn: Line[] = [];
  private track: Track;
  private acked = new Map<string, { entry: OutboxEntry; seq: number }>();
  /** The read mark as it was when the room was opened. */
  private readAt: { seq: number; unread: number } | null = null;
  private decided = false;
  /** How far was seen before it was known where what is new begins. */
  private seen = 0;
  /** The line that a notification told of, until the reader has been put before what is new. */
  private landing: number | null = null;
  private readonly pages: WindowPages;
  private lastTyped = 0;
  private caching: (() => void) | null = null;
  private stopDraft: (() => void) | null = null;
  private closed = false;

  constructor(private readonly o: RoomViewOptions) {
    this.id = o.id;
    const item = o.list.get(o.id);
    if (item) this.readAt = { seq: item.read_seq, unread: item.unread };
    this.track = o.live.follow(o.id, item?.head ?? null, true);
    this.pages = new WindowPages({
      room: o.id, api: o.api, log: () => this.log, failed: (refusal) => this.failed(refusal), otherEpoch: () => o.live.enter(o.id),
      loaded: () => {
        this.decide();
        this.changed();
      },
    });
  }

  private get log(): RoomLog {
    return this.track.log;
  }

  private isBehind(): boolean {
    return !this.log.loaded || !this.track.entered || this.log.order.missing > 0;
  }

  /** Signals that follow from the log: read again whenever it says that it changed. */
  private from<T>(read: () => T): ReadonlySignal<T> {
    return computed(() => {
      void this.tick.value;
      return read();
    });
  }

  readonly item: ReadonlySignal<RoomItem | null> = computed(() => this.o.list.get(this.id));
  readonly state = this.from<RoomState | null>(() => this.track.state);
  readonly present = this.from(() => this.track.state?.present ?? null);
  readonly typing = this.from(() => [...this.track.typing.values()].map((t) => t.actor));
  readonly pointing = this.from(() => [...this.track.pointing.values()]);
  readonly mode = this.from<"live" | "past">(() => (this.log.loaded && !this.log.live ? "past" : "live"));
  readonly below = this.from(() => this.log.below);
  readonly said = this.from(() => this.log.said);
  readonly loading = this.from(() => !this.log.loaded && this.gone.value === null && this.error.value === null);
  readonly behind = this.from(() => this.isBehind());
  private readonly edges = this.from(() => `${this.log.moreBefore},${this.log.loaded && !this.log.live}`);
  readonly more = computed(() => {
    const [before, after] = this.edges.value.split(",");
    return { before: before === "true", after: after === "true" };
  });
  readonly lines: ReadonlySignal<Line[]> = computed(() => {
    void this.tick.value;
    void this.o.outboxTick.value;
    const log = this.log;
    this.drawn = buildLines({
      items: log.items, notices: log.notices(), unsent: log.loaded && !log.live ? [] : this.unsent(), newSince: this.newSince.value,
      me: this.o.me, find: (id) => log.find(id),
    }, this.drawn);
    return this.drawn;
  });

  /** What waits here, and what was acknowledged while its event is still on the way. */
  private unsent(): OutboxEntry[] {
    for (const [id, { seq }] of this.acked) if (this.log.hasClientId(id) || (this.log.loaded && this.log.order.tip >= seq)) this.acked.delete(id);
    const sent = [...this.acked.values()].map((a) => ({ ...a.entry, state: "sending" as const }));
    const waiting = this.o.outbox.entries.filter((e) => e.room === this.id && !this.acked.has(e.id) && !this.log.hasClientId(e.id));
    return [...sent, ...waiting].sort((a, b) => a.order - b.order);
  }

  async open(around?: number, fresh = false): Promise<void> {
    void this.loadDraft();
    const { log, o } = { log: this.log, o: this.o };
    const item = o.list.get(this.id) ? Promise.resolve() : this.loadItem();
    if (around !== undefined && fresh) await this.openFresh(around, item);
    else if (around !== undefined) {
      if (log.order.epoch !== null) o.live.enter(this.id);
      await this.jumpTo(around);
    } else if (!log.loaded) {
      if ((this.readAt?.unread ?? 0) <= FAR) await this.fromCache();
      if (this.closed) return;
      // With a cursor, entering needs no page; without one, the page brings it.
      if (log.order.epoch !== null) o.live.enter(this.id);
      // Which page is the first depends on how far one has read.
      if (!log.loaded) await item;
      if (!log.loaded && !this.closed) await this.loadFirst();
    }
    if (!this.closed && !this.track.entered) o.live.enter(this.id);
  }

  /** What is kept here is shown at once, and brought up to date from where it stands. */
  private async fromCache(): Promise<boolean> {
    const { log, o } = { log: this.log, o: this.o };
    const cached = await o.cache.page(this.id).catch(() => undefined);
    if (this.closed || log.loaded) return log.loaded;
    if (!cached || (log.order.epoch !== null && log.order.epoch !== cached.as_of.epoch)) return false;
    log.order.set(cached.as_of);
    log.load("replace", cached);
    this.changed();
    return true;
  }

  /** From a notification about `at`: what is kept, what came since, and the first line of it. `item`: how far one has read, where the list does not say. */
  private async openFresh(at: number, item: Promise<void>): Promise<void> {
    const { log, o } = { log: this.log, o: this.o };
    this.landing = at;
    const kept = await this.fromCache();
    if (kept && o.live.connected) o.live.enter(this.id);
    else if (kept && (await o.live.catchUp(this.id))) this.changed();
    else if (!this.closed) {
      // Drawn before that is known, the newest lines would be seen, and so read, and what is new would begin nowhere.
      await item;
      if (!this.closed) await this.pages.around(this.readAt ? Math.max(this.readAt.seq, 1) : at, LANDING_PAGE);
    }
    await item;
    // Nothing is new, or not before the socket tells: the line itself is known to be there.
    if (this.landing !== null && log.to >= at) this.landOn(at);
  }

  /** The same notification, pressed while the room is open. */
  async land(at: number): Promise<void> {
    if (this.landing !== null || !this.log.loaded) return;
    const read = this.item.peek()?.read_seq ?? at;
    const first = this.log.items.find((e) => e.item.seq > read && e.item.actor?.id !== this.o.me);
    await this.jumpTo(first?.item.seq ?? at);
  }

  private landOn(seq: number): void {
    this.landing = null;
    this.jump.value = { seq };
  }

  /** The connection is back, or the room may be read after all. */
  again(): void {
    if (this.closed) return;
    if (this.gone.value !== null || this.o.live.tracks.get(this.id) !== this.track) {
      this.track = this.o.live.follow(this.id, null, true);
      this.gone.value = null;
    }
    this.error.value = null;
    if (!this.log.loaded) void this.loadFirst().then(() => this.track.entered || this.o.live.enter(this.id));
  }

  private async loadFirst(): Promise<void> {
    const { seq, unread } = this.readAt ?? { seq: 0, unread: 0 };
    await (unread > FAR && seq > 0 && !this.decided ? this.pages.around(seq) : this.pages.newest());
  }

  /** What the log had is no longer true. */
  emptied(): void {
    void this.pages.newest();
  }

  async loadBefore(): Promise<void> {
    await this.pages.before();
  }

  async loadAfter(): Promise<void> {
    await this.pages.after();
  }

  async toNewest(): Promise<void> {
    this.landing = null;
    if (!this.log.live) await this.pages.newest();
  }

  async jumpTo(seq: number): Promise<void> {
    this.landing = null;
    const here = this.log.items.some((e) => e.item.seq === seq);
    if (here || (await this.pages.around(seq))) this.jump.value = { seq };
  }

  private failed(refusal: Refusal): void {
    batch(() => {
      // Without a network the page is asked for again when the connection is back; nothing is wrong with the room.
      if (!refusal.code.startsWith("network.")) this.error.value = refusal;
      if (refusal.code === "room.not_found") this.gone.value ??= refusal.code; // the socket says more exactly why
      this.tick.value++;
    });
  }

  private async loadItem(): Promise<void> {
    try {
      const item = await this.o.api.get<RoomItem>(`/api/v1/rooms/${this.id}`);
      this.readAt ??= { seq: item.read_seq, unread: item.unread };
      this.o.list.put(item, false);
      this.decide();
    } catch {
      // The page of messages says the same, and is heard.
    }
  }

  /** Where what is new begins: decided once, when the room is first drawn. */
  private decide(): void {
    if (this.decided || !this.readAt || !this.log.loaded) return;
    const { seq } = this.readAt;
    const unread = Math.max(this.readAt.unread, this.item.peek()?.unread ?? 0);
    const first = this.log.items.find((e) => e.item.seq > seq && e.item.actor?.id !== this.o.me);
    const behind = this.isBehind();
    // A list from the last start knows of nothing that came since.
    if (first && !unread && this.landing === null && behind) return;
    // What is kept here, or looked at, ends before what is new: that is on its way.
    if (!first && (behind || (!this.log.live && (unread > 0 || this.landing !== null)))) return;
    this.decided = true;
    if (unread > 0 && first) this.newSince.value = { seq, at: first.item.at, count: unread };
    else if (this.seen) this.o.markRead(this.id, this.seen);
    if (this.landing !== null && first) this.landOn(first.item.seq);
  }

  /** The log, the state or the signals of this room changed. */
  changed(): void {
    this.decide();
    this.tick.value++;
    void this.pages.readMissing();
    this.caching ??= this.o.after(CACHE_PAUSE, () => this.keep());
  }

  entered(state: RoomState): void {
    this.readAt ??= { seq: state.read_seq, unread: state.unread };
    this.decide();
  }

  sent(entry: OutboxEntry, seq: number): void {
    this.acked.set(entry.id, { entry, seq });
  }

  left(code: string): void {
    this.gone.value = code;
    if (this.log.order.head) this.log.reset(this.log.order.head);
    this.tick.value++;
  }

  private keep(): void {
    this.caching = null;
    const page = this.gone.value === null ? this.log.newestPage(KEPT) : null;
    if (page) void this.o.cache.savePage(this.id, page).catch(() => undefined);
  }

  private async loadDraft(): Promise<void> {
    // Saved from the first key on, also while what was kept is still being read.
    let known = EMPTY;
    this.stopDraft = effect(() => {
      const next = this.draft.value;
      if (next !== known) this.o.drafts.save(this.id, next);
      known = next;
    });
    const draft = await this.o.drafts.get(this.id).catch(() => EMPTY), typed = this.draft.peek();
    if (this.closed || draft === EMPTY) return;
    if (typed === EMPTY) this.draft.value = known = draft;
    // Somebody was quicker than the disk: what was kept goes before it.
    else this.draft.value = before(draft, typed);
  }

  async send(body: string, options: { replyTo?: string | null; mentions?: Mention[]; images?: string[]; marks?: OutboxEntry["marks"]; confirmed?: Confirmed } = {}): Promise<void> {
    if (!body.trim()) return;
    // In sight and out of the composer at once: the next words may be typed while this one is being stored.
    void this.o.outbox.put({ room: this.id, body, ...options }).stored;
    this.draft.value = { ...EMPTY };
    if (this.log.loaded && !this.log.live) void this.toNewest();
  }

  async edit(item: MessageItem, body: string, mentions: Mention[] = [], confirmed?: Confirmed): Promise<void> {
    const more = { ...(mentions.length ? { mentions } : {}), ...(confirmed ? { confirmed } : {}) };
    await this.o.socket.call({ type: "message.edit", room: this.id, message: item.message, base: item.edited_seq ?? item.seq, body, ...more });
  }

  async retract(message: string): Promise<void> {
    await this.o.socket.call({ type: "message.retract", room: this.id, message });
  }

  async react(message: string, reaction: Reaction): Promise<void> {
    await this.o.socket.call({ type: "reaction.add", room: this.id, message, reaction });
  }

  async unreact(message: string, reaction: Reaction): Promise<void> {
    await this.o.socket.call({ type: "reaction.remove", room: this.id, message, reaction });
  }

  /** `seq`: what was seen, where no act says that all was read. */
  markRead(seq?: number): void {
    if (!this.log.loaded) return;
    if (seq !== undefined && !this.decided) {
      this.seen = Math.max(this.seen, seq);
      return;
    }
    this.o.markRead(this.id, seq ?? (this.log.live ? this.log.order.tip : this.log.to));
  }

  typed(): void {
    if (this.o.now() - this.lastTyped < TYPED_EVERY) return;
    this.lastTyped = this.o.now();
    this.o.socket.call({ type: "typing", room: this.id }).catch(() => undefined);
  }

  point(image: string, at: Point | null, drawn: Mark | null): void {
    this.o.socket.call({ type: "pointer", room: this.id, image, ...(at ? { at } : {}), ...(at && drawn ? { drawn } : {}) }).catch(() => undefined);
  }

  retry(id: string): Promise<void> {
    return this.o.outbox.retry(id);
  }

  discard(id: string): Promise<void> {
    return this.o.outbox.discard(id);
  }

  close(): void {
    this.caching?.();
    this.keep();
    this.closed = true;
    this.pages.close();
    this.stopDraft?.();
    void this.o.drafts.flush().catch(() => undefined);
    this.o.live.close(this.id);
  }
}

/** Two drafts of one room in one. */
function before(one: Draft, other: Draft): Draft {
  const head = one.body && other.body ? `${one.body}\n` : one.body;
  const pictures = [...(one.pictures ?? []), ...(other.pictures ?? [])];
  return {
    body: head + other.body, replyTo: other.replyTo ?? one.replyTo,
    mentions: [...one.mentions, ...other.mentions.map((m) => ({ ...m, start: m.start + head.length }))], ...(pictures.length ? { pictures } : {}),
  };
}
