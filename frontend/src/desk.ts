/** All that one signed-in person works with in this tab: made at sign-in, closed at sign-out, never shared. */
import { batch, signal, type Signal } from "@preact/signals";
import { query, Refusal, type Api } from "./api";
import { Cache } from "./cache";
import { count, openDatabase, wipe } from "./db";
import { Drafts } from "./drafts";
import { Following } from "./following";
import { Live, type EventsPage } from "./live";
import { KeptPictures } from "./pictures/kept";
import { Outbox, type Channel, type Locks } from "./outbox";
import type { EventFrame, HelloOk } from "./protocol";
import { Reads } from "./reads";
import type { Seal } from "./seal";
import { Shelf } from "./shelf";
import { RoomList } from "./roomList";
import { OpenRoom } from "./roomView";
import type { Belongings } from "./session";
import { Socket, type SocketState, type World } from "./socket";
import { UnsentRows } from "./unsent";
import type { Connection, Decided, Me } from "./types";

export interface DeskOptions {
  me: Me;
  /** The key to what this person keeps here. */
  seal: Seal;
  api: Api;
  world: World;
  database?: IDBFactory;
  channel(name: string): Channel | null;
  locks: Locks | null;
  locale(): string;
  hold: Signal<boolean>;
  connection: Signal<Connection>;
  roomsLoaded: Signal<"no" | "cached" | "yes">;
  skew: Signal<number>;
  /** What was decided last of what this person flagged or appealed against, while the page is open; another object each time. */
  decided: Signal<{ what: Decided } | null>;
  askSession(): Promise<"in" | "out" | "unknown">;
  /** Something waits to be sent, and there is no connection. */
  later?: () => void;
  /** The session is in doubt: it ended, it is another person's, or the rights changed. */
  doubt(code?: number): void;
}

/** Somebody who hears a room that stands in no list. */
export interface Hearing {
  events(events: EventFrame[]): void;
  /** Entered without a replay: what was told before may have been missed. */
  again(): void;
}

const QUESTION = "question";
const SENDING_AT_MOST = 20_000, LIST_LATER = 2000;

export class Desk implements Belongings {
  readonly list: RoomList;
  readonly live: Live;
  readonly socket: Socket;
  private readonly reads: Reads;
  private readonly following: Following;
  private outbox!: Outbox;
  private drafts!: Drafts;
  private pictures!: KeptPictures;
  private cache!: Cache;
  private db!: IDBDatabase;
  private shelf!: Shelf;
  /** The question being written, as its page left it. */
  private question: unknown = null;
  private marks: Channel | null = null;
  private readonly outboxTick = signal(0);
  private readonly views = new Map<string, { view: OpenRoom; uses: number; opening: Promise<void> }>();
  private closed = false;
  private paused = false;
  private listNotBefore = 0;
  private ahead: { room: string; after: number; answer: Promise<EventsPage> } | null = null;
  private readonly hearing = new Map<string, Set<Hearing>>();

  constructor(private readonly o: DeskOptions) {
    const { world } = o;
    this.list = new RoomList(o.me.id, o.hold, (room) => this.following.stale(room));
    this.socket = new Socket({
      world,
      hello: () => ({ locale: o.locale(), resume: this.live.resume(this.list.sorted.peek().map((i) => i.id)) }),
      ready: (ok, resumed) => this.ready(ok, resumed),
      frames: (frames) => batch(() => {
        this.live.take(frames);
        this.report();
      }),
      state: (state) => this.connected(state),
      askSession: o.askSession,
    });
    this.live = new Live({
      me: o.me.id, socket: this.socket, after: world.after, now: world.now,
      events: (room, after) => this.events(room, after),
      happened: (room, events) => {
        const hearing = this.hearing.get(room);
        if (hearing) for (const one of hearing) one.events(events);
        else this.following.happened(room, events);
      },
      personal: (event) => this.following.personal(event),
      entered: (room, head, mode, state) => {
        if (room === this.live.personalRoom) {
          if (mode !== "replay") this.reload();
          return;
        }
        const hearing = this.hearing.get(room);
        if (hearing) {
          if (mode !== "replay") for (const one of hearing) one.again();
          return;
        }
        this.list.entered(room, head, state);
        const mark = this.reads.upTo(room);
        if (mark > state.read_seq) this.list.read(room, mark);
        this.views.get(room)?.view.entered(state);
        if (mode !== "replay") this.following.stale(room);
      },
      emptied: (room) => this.views.get(room)?.view.emptied(),
      left: (room, code) => {
        this.list.remove(room);
        this.views.get(room)?.view.left(code);
        void this.cache.dropPage(room).catch(() => undefined);
      },
      changed: (room) => {
        this.views.get(room)?.view.changed();
        this.report();
      },
    });
    this.reads = new Reads({
      mark: (room, seq) => this.socket.call({ type: "read.mark", room, seq }),
      connected: () => this.socket.state.is === "ready", now: world.now, after: world.after,
    });
    this.following = new Following({
      api: o.api, list: this.list, live: this.live, reads: this.reads, cache: () => this.cache, loaded: o.roomsLoaded, after: world.after,
      touched: (room) => this.views.get(room)?.view.again(), isOpen: (room) => this.views.has(room), doubt: () => o.doubt(), decided: (what) => { o.decided.value = { what }; },
    });
  }

  get me(): Me {
    return this.o.me;
  }

  get seal(): Seal {
    return this.o.seal;
  }

  /** Whether a verified person: rooms are for them alone. */
  private get verified(): boolean {
    return this.o.me.verification === "verified";
  }

  private reload(): void {
    if (this.verified) void this.following.load().catch(() => undefined);
  }

  /** `first`: the room that a pressed notification is about. */
  async open(first: string | null = null): Promise<void> {
    const { me, o } = { me: this.o.me, o: this.o };
    this.db = await openDatabase(me.id, o.database);
    this.shelf = new Shelf(this.db, o.seal);
    this.drafts = new Drafts(this.shelf);
    this.pictures = new KeptPictures(this.db, o.seal);
    this.cache = new Cache(this.shelf);
    if (first) await this.askAhead(first);
    this.outbox = new Outbox({
      person: me.id, rows: new UnsentRows(this.db, o.seal), later: o.later, post: (message) => this.socket.call(message), channel: o.channel(`consult-outbox-${me.id}`), locks: o.locks,
      changed: () => batch(() => {
        this.outboxTick.value++;
        this.report();
      }),
      acked: (entry, seq) => this.views.get(entry.room)?.view.sent(entry, seq),
    });
    this.marks = o.channel(`consult-reads-${me.id}`);
    if (this.marks) {
      this.marks.onmessage = (event) => {
        const { room, seq } = event.data as { room: string; seq: number };
        this.reads.heard(room, seq);
        this.list.read(room, seq);
      };
    }
    await Promise.all([
      this.outbox.load(), this.shelf.adopt(), this.pictures.tidy(), this.verified ? this.following.fromCache() : null,
      this.shelf.read("drafts", QUESTION).then((kept) => (this.question = kept ?? null)),
    ]);
  }

  /** The network is the longest part of the way, and drawing what is kept here would hold the question up. */
  private async askAhead(room: string): Promise<void> {
    const kept = await this.cache.page(room).catch(() => undefined);
    if (!kept) return;
    const after = kept.as_of.seq, answer = this.events(room, after);
    answer.catch(() => undefined); // told to whoever takes it
    this.ahead = { room, after, answer };
  }

  private events(room: string, after: number): Promise<EventsPage> {
    const { ahead } = this;
    if (ahead?.room !== room || ahead.after !== after) return this.o.api.get(query(`/api/v1/rooms/${room}/events`, { after, limit: 200 }));
    this.ahead = null;
    return ahead.answer;
  }

  /** The list first, so that one hello enters every room from its head; but before it what a pressed notification is about, and its socket. */
  async begin(first: { room: string; at: number } | null = null): Promise<void> {
    this.report();
    if (first && this.o.roomsLoaded.peek() === "cached") {
      this.openRoom(first.room, first.at, true);
      await this.views.get(first.room)?.opening;
      if (this.closed) return;
      this.closeRoom(first.room);
      // What was missed is drawn meanwhile, on a slow machine too.
      this.listNotBefore = this.o.world.now() + LIST_LATER;
      this.socket.start();
      return;
    }
    if (this.verified) await this.following.load().catch(() => undefined);
    if (this.closed) return;
    for (const item of this.list.sorted.peek()) this.live.follow(item.id, item.head);
    this.socket.start();
  }

  openRoom(id: string, around?: number, fresh = false): OpenRoom {
    const held = this.views.get(id);
    if (held) {
      held.uses++;
      if (around !== undefined && !fresh) void held.view.jumpTo(around);
      return held.view;
    }
    const { api, world, me } = this.o;
    const view = new OpenRoom({
      id, me: me.id, api, socket: this.socket, live: this.live, list: this.list, outbox: this.outbox, outboxTick: this.outboxTick, drafts: this.drafts,
      cache: this.cache, markRead: (room, seq) => this.markRead(room, seq), after: world.after, now: world.now,
    });
    const opened = { view, uses: 1, opening: Promise.resolve() };
    this.views.set(id, opened);
    opened.opening = view.open(around, fresh);
    this.report();
    return view;
  }

  closeRoom(id: string): void {
    const held = this.views.get(id);
    if (!held || --held.uses > 0) return;
    this.views.delete(id);
    held.view.close();
    this.report();
  }

  /** Hears a room that is none of the list's; answers how to stop. */
  hear(room: string, hearing: Hearing): () => void {
    const there = this.hearing.get(room);
    const all = there ?? new Set();
    all.add(hearing);
    if (!there) {
      this.hearing.set(room, all);
      this.live.follow(room, null);
      this.live.enter(room);
    }
    return () => {
      if (!all.delete(hearing) || all.size || this.hearing.get(room) !== all) return;
      this.hearing.delete(room);
      if (!this.closed) this.live.unfollow(room);
    };
  }

  /** A room that was joined, left or changed by an act of this person. */
  touched(room: string): Promise<void> {
    return this.following.changed(room);
  }

  /** What a sign-out would leave here. */
  async unsentText(): Promise<{ messages: number; drafts: number }> {
    await this.drafts.flush();
    return { messages: this.outbox.unsent, drafts: await count(this.db, "drafts") };
  }

  keptQuestion(): unknown {
    return this.question;
  }

  keepQuestion(question: unknown): void {
    this.question = question;
    void (question === null ? this.shelf.remove("drafts", QUESTION) : this.shelf.write("drafts", QUESTION, question)).catch(() => undefined); // the page holds it still
  }

  /** A picture as it is to leave, until the server has it. False where this device has no place for it. */
  keepPicture(id: string, file: Blob): Promise<boolean> {
    return this.pictures.keep(id, file);
  }

  keptPicture(id: string): Promise<Blob | undefined> {
    return this.pictures.read(id);
  }

  /** After the drafts that name them say otherwise. */
  async forgetPictures(ids: readonly string[]): Promise<void> {
    await this.drafts.flush();
    await this.pictures.remove(ids);
  }

  private ready(ok: HelloOk, resumed: boolean): boolean {
    // The cookie may be another person's by now: then nothing of this one's may leave here.
    if (ok.me.id !== this.o.me.id) {
      this.o.doubt();
      return false;
    }
    this.o.skew.value = Date.parse(ok.server_time) - this.o.world.now();
    // The personal room tells from the first hello on: who was verified between the page's question who they are and that is told by nothing else.
    if (this.live.personalRoom === null && !this.verified) this.o.doubt();
    this.live.ready(ok, resumed);
    return true;
  }

  private connected(state: SocketState): void {
    if (state.is === "ready") {
      if (!this.paused) this.outbox.connected();
      this.reads.connected();
      for (const { view } of this.views.values()) if (view.loading.peek() || view.error.peek()?.temporary) view.again();
      const wait = this.listNotBefore - this.o.world.now();
      if (wait > 0) this.o.world.after(wait, () => this.closed || this.o.roomsLoaded.peek() === "yes" || this.reload());
      else if (this.o.roomsLoaded.peek() !== "yes") this.reload();
    } else {
      this.live.lost();
      this.outbox.disconnected();
      if (state.is === "stopped") this.o.doubt(state.code);
    }
    this.report();
  }

  private markRead(room: string, seq: number): void {
    const item = this.list.get(room);
    if (item && seq <= item.read_seq) return;
    if (!this.reads.mark(room, seq)) return;
    this.list.read(room, seq);
    this.following.keepSoon();
    this.marks?.postMessage({ room, seq });
  }

  /** The truth for the connection bar: live only when hello is answered and every open room has all that is known. */
  private report(): void {
    if (!this.outbox) return;
    const { connection, world } = this.o;
    const held = connection.peek();
    const state = this.socket.state;
    const behind = state.is === "ready" ? this.live.behind() : null;
    let next: Omit<Connection, "since">;
    const unsent = this.outbox.unsent;
    if (state.is === "ready") next = behind === 0 ? { state: "live", unsent } : { state: "catching", unsent, catchingCount: behind ?? 0 };
    else if (state.is === "stopped") next = { state: "stopped", unsent, code: state.code };
    else next = { state: world.online() ? "reconnecting" : "offline", unsent };
    if (held.state === next.state && held.unsent === unsent && held.catchingCount === next.catchingCount && held.code === next.code) return;
    connection.value = { ...next, since: held.state === next.state ? held.since : world.now() };
  }

  // What the browser tells

  online(): void {
    this.socket.tryNow();
    this.report();
  }

  /** A connection does not notice a cut cable by itself; the bar must. */
  offline(): void {
    this.socket.drop();
    this.report();
  }

  hidden(): void {
    if (this.cache) this.following.keep();
    void this.drafts?.flush().catch(() => undefined);
  }

  // What a sign-out deals with

  unsent(): number {
    return this.outbox.unsent;
  }

  allSent(): Promise<void> {
    const refuse = (): Refusal => new Refusal({ code: "outbox.not_empty" });
    return new Promise((resolve, reject) => {
      let stop = (): void => {};
      const cancel = this.o.world.after(SENDING_AT_MOST, () => {
        stop();
        reject(refuse());
      });
      stop = this.outboxTick.subscribe(() => {
        const failed = this.outbox.entries.some((e) => e.state === "failed");
        if (this.outbox.unsent > 0 && !failed) return;
        cancel();
        queueMicrotask(() => stop());
        if (failed) reject(refuse());
        else resolve();
      });
    });
  }

  pause(): void {
    this.paused = true;
    this.outbox.disconnected();
  }

  resume(): void {
    this.paused = false;
    if (this.socket.state.is === "ready") this.outbox.connected();
  }

  async flushDrafts(): Promise<void> {
    await this.drafts.flush();
  }

  wipeUnsent(): Promise<void> {
    return wipe(this.db, ["outbox", "drafts"]);
  }

  wipeCache(): Promise<void> {
    this.cache.end();
    this.closeViews();
    return wipe(this.db, ["cache", "pictures"]);
  }

  private closeViews(): void {
    for (const { view } of this.views.values()) view.close();
    this.views.clear();
  }

  /** What was typed is kept; open transactions end before the database closes. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.following.close();
    this.closeViews();
    this.socket.end();
    this.outbox?.close();
    this.marks?.close();
    await this.drafts?.flush().catch(() => undefined); // a full disk, or a database that was wiped
    this.db?.close();
  }
}
