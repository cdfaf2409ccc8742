/**
 * A client without a page: one connection, any number of rooms, each event once and in order, nothing written lost.
 *
 * It carries events and cursors into a store; what an app shows of them is the app's.
 */
import { Order } from "../order";
import type { EnterOk, EventFrame, Head, HelloOk, Mode, ServerFrame, SignalFrame } from "../protocol";
import { Refusal } from "../refusal";
import { Socket, type SocketState, type WebSocketLike } from "../socket";
import { Doors } from "./doors";
import { Outbox, type Sent } from "./outbox";
import type { Store } from "./store";
import { Ticketed } from "./ticketed";

export interface Options {
  base: string;
  /** Of the session; `Doors.signIn` gives one. */
  token: string;
  store: Store;
  /** The app and its version, "ios/1.4": it stands in hello. */
  client?: string;
  locale?: string;
  /** Its events, or its page, are in the store now. */
  changed?(room: string): void;
  signal?(frame: SignalFrame): void;
  state?(state: SocketState): void;
  /** Where there is no global one. */
  webSocket?: new (url: string) => WebSocketLike;
  fetch?: typeof fetch;
}

/** An event that is known to exist and has not come after so long: the room is entered again. */
const HOLE = 2000;

interface Room { order: Order; line: Promise<void>; loading: boolean; early: EventFrame[] }

export class Consult {
  readonly doors: Doors;
  readonly socket: Socket;
  private readonly outbox: Outbox;
  private readonly rooms = new Map<string, Room>();
  private readonly loaded: Promise<void>;
  private ticket = "";

  constructor(private readonly o: Options) {
    this.doors = new Doors(o.base, o.token, o.locale ?? "fr", o.fetch ?? fetch);
    const Made = o.webSocket ?? (globalThis.WebSocket as unknown as NonNullable<Options["webSocket"]>);
    const url = new URL("/ws/v1/", o.base.replace(/^http/, "ws")).href;
    this.socket = new Socket({
      world: {
        open: () => new Ticketed(async () => (this.ticket = await this.doors.ticket()), () => new Made(url)),
        now: () => Date.now(),
        random: () => Math.random(),
        after: (ms, run) => {
          const id = setTimeout(run, ms);
          return () => clearTimeout(id);
        },
        online: () => true,
      },
      hello: () => ({ locale: o.locale ?? "fr", client: o.client ?? "client/1", ticket: this.ticket, resume: this.resumable() }),
      ready: (ok, resumed) => this.ready(ok, resumed),
      frames: (frames) => frames.forEach((frame) => this.heard(frame)),
      state: (state) => {
        if (state.is !== "ready") this.outbox.disconnected();
        o.state?.(state);
      },
      askSession: () => this.doors.session(),
    });
    this.outbox = new Outbox(o.store, (post) => this.socket.call(post));
    this.loaded = o.store.load().then((kept) => {
      for (const [id, cursor] of Object.entries(kept.cursors)) this.room(id).order.set(cursor);
      this.outbox.load(kept.outbox);
    });
  }

  /** Connects, and comes back for ever, until `close` or a code that says stop (`state`). */
  async start(): Promise<void> {
    await this.loaded;
    this.socket.start();
  }

  close(): void {
    this.socket.end();
  }

  /** Hear of this room from now on, in this life and the next. */
  enter(id: string): void {
    if (this.rooms.has(id)) return;
    this.room(id);
    if (this.socket.state.is === "ready") void this.again(id);
  }

  /** Resolves with its place once it is committed, however often the connection is lost before. Rejects with a Refusal that is not temporary. */
  post(room: string, body: string, more: { id?: string; replyTo?: string } = {}): Promise<Sent> {
    return this.outbox.post({ id: more.id ?? crypto.randomUUID(), room, body, replyTo: more.replyTo ?? null });
  }

  get unsent(): number {
    return this.outbox.unsent.length;
  }

  private room(id: string): Room {
    let room = this.rooms.get(id);
    if (!room) this.rooms.set(id, (room = { order: new Order(), line: Promise.resolve(), loading: false, early: [] }));
    return room;
  }

  private resumable(): { room: string; after: Head }[] {
    const most = this.socket.limits?.rooms ?? 100;
    return [...this.rooms].flatMap(([room, { order, loading }]) => (order.head && !loading ? [{ room, after: order.head }] : [])).slice(0, most);
  }

  private ready(ok: HelloOk, resumed: boolean): boolean {
    const named = new Set(resumed ? this.resumable().map((one) => one.room) : []);
    for (const id of this.rooms.keys()) if (!named.has(id) && id !== ok.personal.room) void this.again(id);
    queueMicrotask(() => this.outbox.connected());
    return true;
  }

  /** A room of which there is no cursor, or that has a hole. */
  private async again(id: string): Promise<void> {
    const { order } = this.room(id);
    try {
      const ok = (await this.socket.call({ type: "room.enter", room: id, after: order.head })) as unknown as EnterOk;
      this.entered(id, ok.head, ok.mode);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code === "room.not_found") await this.lose(id);
      else if (error.temporary && error.code !== "network.lost") setTimeout(() => this.socket.state.is === "ready" && void this.again(id), error.retryAfter || HOLE);
    }
  }

  private heard(frame: ServerFrame): void {
    switch (frame.type) {
      case "event":
        return this.event(frame);
      case "entered":
        return this.entered(frame.room, frame.head, frame.mode);
      case "left":
        return void this.lose(frame.room);
      case "heads":
        return Object.entries(frame.rooms).forEach(([id, seq]) => this.exists(id, seq));
      case "signal":
        return this.o.signal?.(frame);
    }
  }

  private event(frame: EventFrame): void {
    const room = this.rooms.get(frame.room);
    if (!room) return; // the personal room, where nobody asked for it
    if (room.loading) room.early.push(frame);
    else this.take(frame.room, room, room.order.take(frame));
  }

  /** What is next goes into the store, after what went before. */
  private take(id: string, room: Room, next: EventFrame[]): void {
    const cursor = room.order.head;
    if (!next.length || !cursor) return;
    room.line = room.line.then(() => this.o.store.apply(id, next, cursor)).then(() => this.o.changed?.(id));
  }

  private entered(id: string, head: Head, mode: Mode): void {
    const room = this.room(id);
    if (mode === "replay") return this.exists(id, head.seq);
    if (!room.loading) void this.load(id, room, mode === "reset");
  }

  private exists(id: string, seq: number): void {
    const room = this.rooms.get(id);
    if (!room || seq <= room.order.tip) return;
    setTimeout(() => !room.loading && room.order.tip < seq && this.socket.state.is === "ready" && void this.again(id), HOLE);
  }

  /** Too much was missed, or the copy is void: over HTTP, while what is live waits. */
  private async load(id: string, room: Room, anew: boolean): Promise<void> {
    room.loading = true;
    try {
      if (anew) await this.newest(id, room);
      else await this.pages(id, room);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code === "room.not_found") return await this.lose(id);
      setTimeout(() => this.socket.state.is === "ready" && void this.again(id), error.retryAfter || HOLE);
    } finally {
      room.loading = false;
    }
    for (const frame of room.early.splice(0)) this.take(id, room, room.order.take(frame));
  }

  private async newest(id: string, room: Room): Promise<void> {
    const page = await this.doors.newest(id);
    room.order.set(page.as_of);
    room.line = room.line.then(() => this.o.store.reset(id, page)).then(() => this.o.changed?.(id));
    await room.line;
  }

  private async pages(id: string, room: Room): Promise<void> {
    for (let after = room.order.head; after; after = room.order.head) {
      let page;
      try {
        page = await this.doors.events(id, after);
      } catch (error) {
        if (error instanceof Refusal && error.code === "room.epoch") return this.newest(id, room);
        throw error;
      }
      for (const frame of page.events) this.take(id, room, room.order.take(frame));
      await room.line;
      if (!page.events.length || room.order.tip >= page.head) return;
    }
  }

  private async lose(id: string): Promise<void> {
    const room = this.rooms.get(id);
    this.rooms.delete(id);
    await room?.line;
    await this.o.store.forget(id);
    this.o.changed?.(id);
  }
}
