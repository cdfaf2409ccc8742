/**
 * The rooms of this connection: which are entered, from which cursor, and how each catches up.
 *
 * Every room followed has a log. That of an open room holds messages; that of a listed one only counts.
 */
import { Refusal } from "./api";
import { foldState } from "./fold";
import { RoomLog } from "./roomLog";
import type { Actor, EventFrame, Head, HelloOk, Mode, OkFrame, Present, RoomState, ServerFrame } from "./protocol";
import type { Mark, Point } from "./pictures/shapes";
import type { Socket } from "./socket";

export interface Pointing { actor: Actor; image: string; at: Point; drawn: Mark | null; until: number }

export interface Track {
  readonly room: string;
  readonly log: RoomLog;
  /** Entered on this connection. */
  entered: boolean;
  open: boolean;
  state: RoomState | null;
  typing: Map<string, { actor: Actor; until: number }>;
  /** Who points on which picture, and what they draw there. */
  pointing: Map<string, Pointing>;
  /** Counts entries: what was begun for an earlier one is dropped. */
  turn: number;
  /** Reading events over HTTP up to the head of the last entry. */
  reading: boolean;
  mending: boolean;
}
export interface EventsPage { epoch: string; head: number; events: EventFrame[] }
export interface LiveOptions {
  me: string;
  socket: Pick<Socket, "call" | "limits" | "drop">;
  /** A page of events after `seq`. */
  events(room: string, after: number): Promise<EventsPage>;
  after(ms: number, run: () => void): () => void;
  now(): number;
  /** Events of a room that came into effect, in order, and those of the personal room. */
  happened(room: string, events: EventFrame[]): void;
  personal(event: EventFrame): void;
  entered(room: string, head: Head, mode: Mode, state: RoomState): void;
  /** The messages of an open room are gone and must be loaded again. */
  emptied(room: string): void;
  left(room: string, code: string): void;
  /** Something of this room that is drawn changed. */
  changed(room: string): void;
}

/** A hole heals by itself within 2 s; only then is the room entered again. */
const HEAL = 2500;
/** More missed events than these are not read one by one. */
const WORTH_READING = 2000;
/** Nor than these where someone waits for the first of them. */
const WORTH_CATCHING = 400;
const TYPING = 6000;
/** A pointer that rests is still seen for so long; what was drawn with it as well. */
const POINTING = 10_000;

export class Live {
  readonly tracks = new Map<string, Track>();
  personalRoom: string | null = null;
  private up = false;
  /** Followed, or moved, after a hello was sent and before it was answered: it did not name them, or not so. */
  private readonly late = new Set<string>();
  /** A hello is on its way. */
  private asked = false;

  constructor(private readonly o: LiveOptions) {}

  /** Follows a room, for its counts or, when open, for its messages. */
  follow(room: string, head: Head | null, open = false): Track {
    let track = this.tracks.get(room);
    if (!track) {
      track = { room, log: new RoomLog(this.o.me, open), entered: false, open, state: null, typing: new Map(), pointing: new Map(), turn: 0, reading: false, mending: false };
      if (head) track.log.order.set(head);
      this.tracks.set(room, track);
      if (this.asked) this.late.add(room);
    }
    if (open) track.open = track.log.keep = true;
    return track;
  }

  /** Enters again from where the log stands: at once when connected, else with the next hello. */
  enter(room: string): void {
    const track = this.tracks.get(room);
    if (!track) return;
    if (!this.up) {
      // The hello that is on its way may name another place than where the log stands by now.
      if (this.asked) this.late.add(room);
      return;
    }
    track.turn++;
    const turn = track.turn;
    this.o.socket.call({ type: "room.enter", room, after: track.log.order.head }).catch((error: unknown) => {
      if (track.turn !== turn || !(error instanceof Refusal) || error.code.startsWith("network.")) return;
      if (error.temporary) this.o.after(error.retryAfter || 1000, () => track.turn === turn && this.enter(room));
      else this.forget(room, error.code);
    });
  }

  /** An open room becomes one that is only counted. */
  close(room: string): void {
    const track = this.tracks.get(room);
    const head = track?.log.order.head;
    if (!track || !head) return;
    track.open = track.log.keep = false;
    track.log.reset(head);
  }

  /** No longer followed at all, by choice. */
  unfollow(room: string): void {
    if (this.tracks.delete(room) && this.up) this.o.socket.call({ type: "room.leave", room }).catch(() => undefined);
  }

  resume(recent: string[]): { room: string; after: Head | null }[] {
    const most = this.o.socket.limits?.rooms ?? 200;
    this.late.clear();
    this.asked = true;
    const rank = new Map(recent.map((room, i) => [room, i]));
    const rankOf = (t: Track): number => (t.room === this.personalRoom ? -2 : t.open ? -1 : (rank.get(t.room) ?? Infinity));
    return [...this.tracks.values()].sort((a, b) => rankOf(a) - rankOf(b) || 0).slice(0, most - 1)
      .map((t) => ({ room: t.room, after: t.log.order.head }));
  }

  ready(ok: HelloOk, resumed: boolean): void {
    this.up = true;
    this.asked = false;
    const { room, head } = ok.personal;
    const named = resumed && this.tracks.has(room);
    this.personalRoom = room;
    const personal = this.follow(room, head);
    personal.entered = true;
    // Not named in the hello: it is entered at its head, and nothing older follows.
    if (!named && personal.log.order.epoch !== head.epoch) personal.log.reset(head);
    for (const room of resumed ? this.late : this.tracks.keys()) if (!resumed || room !== this.personalRoom) this.enter(room);
    this.late.clear();
  }

  get connected(): boolean {
    return this.up;
  }

  lost(): void {
    this.up = false;
    for (const track of this.tracks.values()) {
      track.entered = track.reading = track.mending = false;
      track.turn++;
      track.typing.clear();
      track.pointing.clear();
    }
  }

  /** How far the open rooms are behind what is known; null where nobody can say yet. */
  behind(): number | null {
    let missing = 0;
    for (const track of this.tracks.values()) {
      if (!track.open) continue;
      if (!track.entered) return null;
      missing += track.log.order.missing;
    }
    return missing;
  }

  take(frames: ServerFrame[]): void {
    // Neighbouring events of one room are handed on together: one drawing for a whole replay.
    let run: EventFrame[] = [];
    const flush = (): void => {
      if (run.length) this.events(run);
      run = [];
    };
    for (const frame of frames) {
      if (frame.type === "event") {
        if (run[0] && run[0].room !== frame.room) flush();
        run.push(frame);
        continue;
      }
      flush();
      if (frame.type === "entered") this.arrived(frame.room, frame.head, frame.mode, frame.state);
      else if (frame.type === "ok") {
        const { room, head, mode, state } = frame as OkFrame;
        if (room && head && mode && state) this.arrived(room, head, mode, state);
      } else if (frame.type === "left") this.forget(frame.room, frame.code);
      else if (frame.type === "heads") this.heads(frame.rooms);
      else if (frame.type === "signal") this.signal(frame.room, frame.kind, frame.actor, frame.data);
    }
    flush();
  }

  private arrived(room: string, head: Head, mode: Mode, state: RoomState): void {
    const track = this.tracks.get(room);
    if (!track) return;
    const { order } = track.log;
    track.entered = true;
    track.turn++;
    track.reading = false; // what reads for an earlier entry is dropped when it comes
    if (room !== this.personalRoom) track.state = state;
    if (mode === "replay") {
      // Without a cursor there is nothing to be replayed from; with one, what was missed follows.
      if (order.epoch === null) order.set(head);
      order.known = Math.max(order.known, head.seq);
    } else if (mode === "page" && track.open && track.log.loaded && order.epoch === head.epoch && head.seq - order.tip <= WORTH_READING) {
      order.known = Math.max(order.known, head.seq);
      void this.read(track, head.seq);
    } else {
      track.log.reset(head);
      if (track.open) this.o.emptied(room);
    }
    this.o.entered(room, head, mode, state);
    this.o.changed(room);
  }

  /** Before there is a connection: what was missed, over HTTP. False where it is too much, or cannot be read; then a page tells. */
  async catchUp(room: string): Promise<boolean> {
    const track = this.tracks.get(room);
    if (!track || track.log.order.epoch === null) return false;
    const { turn, log: { order } } = track;
    track.reading = true;
    try {
      for (let before = -1; before !== order.tip;) {
        before = order.tip;
        const page = await this.o.events(room, before);
        // Entered meanwhile: the socket brings it.
        if (track.turn !== turn) return true;
        if (page.epoch !== order.epoch || page.head - before > WORTH_CATCHING) return false;
        this.events(page.events);
        if (order.tip >= page.head) return true;
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    } finally {
      if (track.turn === turn) track.reading = false;
    }
    return false;
  }

  /** Reads what was missed over HTTP, and keeps the window in place; live events wait behind the hole meanwhile. */
  private async read(track: Track, head: number): Promise<void> {
    const turn = track.turn;
    track.reading = true;
    try {
      while (track.turn === turn && track.log.order.tip < head) {
        const before = track.log.order.tip;
        const page = await this.o.events(track.room, before);
        if (track.turn !== turn) return;
        if (page.epoch !== track.log.order.epoch) break;
        this.events(page.events);
        if (track.log.order.tip === before) break;
      }
    } catch {
      // As after a hole: the cursor stands where it stood.
    }
    if (track.turn !== turn) return;
    track.reading = false;
    if (track.log.order.tip < head) this.mend(track, HEAL);
  }

  private events(frames: EventFrame[]): void {
    const room = frames[0]?.room ?? "";
    const track = this.tracks.get(room);
    if (!track) return;
    const taken: EventFrame[] = [];
    for (const frame of frames) {
      // Another life of the log than the one entered: entering says which.
      if (track.log.order.epoch !== null && frame.epoch !== track.log.order.epoch) this.mend(track, 0);
      taken.push(...track.log.apply(frame));
    }
    if (track.log.order.missing && !track.reading && frames.length < 64) this.mend(track, HEAL);
    if (!taken.length) return;
    if (room === this.personalRoom) return taken.forEach((e) => this.o.personal(e));
    for (const event of taken) {
      if (track.state) track.state = foldState(track.state, event, this.o.me);
      if (event.actor && event.kind === "message.posted") track.typing.delete(event.actor.id);
    }
    this.o.happened(room, taken);
    if (track.open) this.o.changed(room);
  }

  private heads(rooms: Record<string, number>): void {
    for (const [room, head] of Object.entries(rooms)) {
      const track = this.tracks.get(room);
      if (!track || head <= track.log.order.tip) continue;
      track.log.order.known = Math.max(track.log.order.known, head);
      this.mend(track, HEAL);
      if (track.open) this.o.changed(room);
    }
  }

  /** Enters again where a hole has not healed in time. */
  private mend(track: Track, wait: number): void {
    if (track.mending) return;
    track.mending = true;
    this.o.after(wait, () => {
      track.mending = false;
      if (!this.up || this.tracks.get(track.room) !== track || track.reading) return;
      if (wait && !track.log.order.missing) return;
      this.enter(track.room);
      // And once more, should that bring nothing.
      if (wait) this.mend(track, 2 * HEAL);
    });
  }

  private signal(room: string, kind: string, actor: Actor | null, data: unknown): void {
    const track = this.tracks.get(room);
    if (!track) return;
    if (kind === "presence" && track.state) track.state = { ...track.state, present: data as Present };
    else if (kind === "typing" && actor && actor.id !== this.o.me) {
      track.typing.set(actor.id, { actor, until: this.o.now() + TYPING });
      this.o.after(TYPING + 50, () => {
        const said = track.typing.get(actor.id);
        if (!said || said.until > this.o.now()) return;
        track.typing.delete(actor.id);
        if (track.open) this.o.changed(room);
      });
    } else if (kind === "pointer" && actor && actor.id !== this.o.me) {
      const { image, at, drawn } = data as { image: string; at: Pointing["at"] | null; drawn: Pointing["drawn"] };
      if (at) track.pointing.set(actor.id, { actor, image, at, drawn, until: this.o.now() + POINTING });
      else track.pointing.delete(actor.id);
      this.o.after(POINTING + 50, () => {
        const said = track.pointing.get(actor.id);
        if (!said || said.until > this.o.now()) return;
        track.pointing.delete(actor.id);
        if (track.open) this.o.changed(room);
      });
    } else return;
    if (track.open) this.o.changed(room);
  }

  private forget(room: string, code: string): void {
    if (room === this.personalRoom) return;
    this.tracks.delete(room);
    this.o.left(room, code);
  }
}
