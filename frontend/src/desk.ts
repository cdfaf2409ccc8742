/** All that one signed-in person works with in this tab: made at sign-in, closed at sign-out, never shared. */
import { batch, signal, type Signal } from "@preact/signals";
import { query, Refusal, type Api } from "./api";
import { Cache } from "./cache";
import { count, openDatabase, wipe } from "./db";
import { Drafts } from "./drafts";
import { Live } from "./live";
import { Outbox, type Channel, type Locks } from "./outbox";
import type { EventFrame, HelloOk } from "./protocol";
import { Reads } from "./reads";
import { RoomList } from "./roomList";
import { OpenRoom } from "./roomView";
import type { Belongings } from "./session";
import { Socket, type SocketState, type World } from "./socket";
import type { Connection, Me, RoomItem } from "./types";

export interface DeskOptions {
  me: Me;
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
  askSession(): Promise<"in" | "out" | "unknown">;
  /** The session is in doubt: it ended, it is another person's, or the rights changed. */
  doubt(code?: number): void;
}

const SENDING_AT_MOST = 20_000, FRESH_AFTER = 300;

export class Desk implements Belongings {
  readonly list: RoomList;
  readonly live: Live;
  readonly socket: Socket;
  private readonly reads: Reads;
  private outbox!: Outbox;
  private drafts!: Drafts;
  private cache!: Cache;
  private db!: IDBDatabase;
  private marks: Channel | null = null;
  private readonly outboxTick = signal(0);
  private readonly views = new Map<string, { view: OpenRoom; uses: number }>();
  private readonly staleTimers = new Set<string>();
  private closed = false;
  private paused = false;
  private loadingRooms: Promise<void> | null = null;

  constructor(private readonly o: DeskOptions) {
    const { world } = o;
    this.list = new RoomList(o.me.id, o.hold, (room) => this.stale(room));
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
      events: (room, after) => o.api.get(query(`/api/v1/rooms/${room}/events`, { after, limit: 200 })),
      happened: (room, events) => this.happened(room, events),
      personal: (event) => this.personal(event),
      entered: (room, head, mode, state) => {
        if (room === this.live.personalRoom) {
          if (mode !== "replay") void this.loadRooms();
          return;
        }
        this.list.entered(room, head, state);
        const mark = this.reads.upTo(room);
        if (mark > state.read_seq) this.list.read(room, mark);
        this.views.get(room)?.view.entered(state);
        if (mode !== "replay") this.stale(room);
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
  }

  /** Whether a verified person: rooms are for them alone. */
  private get verified(): boolean {
    return this.o.me.verification === "verified";
  }

  async open(): Promise<void> {
    const { me, o } = { me: this.o.me, o: this.o };
    this.db = await openDatabase(me.id, o.database);
    this.drafts = new Drafts(this.db);
    this.cache = new Cache(this.db);
    this.outbox = new Outbox({
      person: me.id, db: this.db, post: (message) => this.socket.call(message), channel: o.channel(`consult-outbox-${me.id}`), locks: o.locks,
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
    await this.outbox.load();
    if (this.verified) {
      const cached = await this.cache.rooms().catch(() => undefined);
      if (cached && o.roomsLoaded.value === "no") {
        this.list.replace(cached);
        o.roomsLoaded.value = "cached";
      }
    }
  }

  /** The list first, so that one hello enters every room from its head. */
  async begin(): Promise<void> {
    if (this.verified) await this.loadRooms().catch(() => undefined);
    if (this.closed) return;
    for (const item of this.list.sorted.peek()) this.live.follow(item.id, item.head);
    this.socket.start();
  }

  openRoom(id: string, around?: number): OpenRoom {
    const held = this.views.get(id);
    if (held) {
      held.uses++;
      if (around !== undefined) void held.view.jumpTo(around);
      return held.view;
    }
    const { api, world, me } = this.o;
    const view = new OpenRoom({
      id, me: me.id, api, socket: this.socket, live: this.live, list: this.list, outbox: this.outbox, outboxTick: this.outboxTick, drafts: this.drafts,
      cache: this.cache, markRead: (room, seq) => this.markRead(room, seq), after: world.after, now: world.now,
    });
    this.views.set(id, { view, uses: 1 });
    void view.open(around);
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

  /** A room that was joined, left or changed by an act of this person. */
  async touched(room: string): Promise<void> {
    await this.loadRooms().catch(() => undefined);
    if (!this.list.isListed(room)) await this.fetchItem(room, false);
    this.views.get(room)?.view.again();
  }

  /** What a sign-out would leave here. */
  async unsentText(): Promise<{ messages: number; drafts: number }> {
    await this.drafts.flush();
    return { messages: this.outbox.unsent, drafts: await count(this.db, "drafts") };
  }

  loadRooms(): Promise<void> {
    this.loadingRooms ??= this.fetchRooms().finally(() => (this.loadingRooms = null));
    return this.loadingRooms;
  }

  private async fetchRooms(): Promise<void> {
    if (!this.verified) return;
    const items: RoomItem[] = [];
    let next: string | null = "/api/v1/rooms?limit=100";
    while (next && items.length < 500) {
      const page: { rooms: RoomItem[]; next: string | null } = await this.o.api.get(next);
      items.push(...page.rooms);
      next = page.next;
    }
    if (this.closed) return;
    batch(() => {
      this.list.replace(items);
      this.o.roomsLoaded.value = "yes";
    });
    for (const item of items) this.followed(item);
    void this.cache.saveRooms(items).catch(() => undefined);
  }

  private followed(item: RoomItem): void {
    if (this.live.tracks.has(item.id)) return;
    this.live.follow(item.id, item.head);
    this.live.enter(item.id);
  }

  private async fetchItem(room: string, listed: boolean): Promise<void> {
    try {
      const item = await this.o.api.get<RoomItem>(`/api/v1/rooms/${room}`);
      if (this.closed) return;
      this.list.put(item, listed);
      if (listed) this.followed(item);
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) this.list.remove(room);
    }
  }

  /** Asks for a room's item again, once for all that happens in a moment. */
  private stale(room: string): void {
    if (this.staleTimers.has(room)) return;
    this.staleTimers.add(room);
    this.o.world.after(FRESH_AFTER, () => {
      this.staleTimers.delete(room);
      if (!this.closed) void this.fetchItem(room, this.list.isListed(room) || !this.list.get(room));
    });
  }

  private ready(ok: HelloOk, resumed: boolean): boolean {
    // The cookie may be another person's by now: then nothing of this one's may leave here.
    if (ok.me.id !== this.o.me.id) {
      this.o.doubt();
      return false;
    }
    this.o.skew.value = Date.parse(ok.server_time) - this.o.world.now();
    this.live.ready(ok, resumed);
    return true;
  }

  private connected(state: SocketState): void {
    if (state.is === "ready") {
      if (!this.paused) this.outbox.connected();
      this.reads.connected();
      for (const { view } of this.views.values()) if (view.loading.peek() || view.error.peek()?.temporary) view.again();
      if (this.verified && this.o.roomsLoaded.peek() !== "yes") void this.loadRooms().catch(() => undefined);
    } else {
      this.live.lost();
      this.outbox.disconnected();
      if (state.is === "stopped") this.o.doubt(state.code);
    }
    this.report();
  }

  private happened(room: string, events: EventFrame[]): void {
    this.list.apply(room, events);
    for (const event of events) {
      if (event.kind === "case.opened" && !this.list.isListed(event.data.case)) void this.fetchItem(event.data.case, true);
    }
  }

  private personal(event: EventFrame): void {
    switch (event.kind) {
      case "read.marked":
        this.reads.heard(event.data.room, event.data.seq);
        this.list.read(event.data.room, event.data.seq);
        break;
      case "mention.received": {
        const item = this.list.get(event.data.room);
        // In a room that is followed the message itself brings the count.
        if (!item || item.head.seq < event.data.seq) this.stale(event.data.room);
        break;
      }
      case "room.joined":
        void this.touched(event.data.room);
        break;
      case "room.left":
        if (event.data.code !== "room.left" || !this.views.has(event.data.room)) this.list.remove(event.data.room);
        break;
      case "room.renamed":
        if (event.data.room) this.stale(event.data.room);
        break;
      case "verification.decided":
      case "session.revoked":
        this.o.doubt();
        break;
    }
  }

  private markRead(room: string, seq: number): void {
    const item = this.list.get(room);
    if (item && seq <= item.read_seq) return;
    if (!this.reads.mark(room, seq)) return;
    this.list.read(room, seq);
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
    return wipe(this.db, ["cache"]);
  }

  private closeViews(): void {
    for (const { view } of this.views.values()) view.close();
    this.views.clear();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.closeViews();
    this.socket.end();
    this.outbox.close();
    this.marks?.close();
    // Open transactions end before the database closes.
    this.db.close();
  }
}
