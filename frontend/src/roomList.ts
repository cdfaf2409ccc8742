/** The list of rooms: counts that follow from heads and read marks, and an order that can hold still. */
import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { plain } from "./plain";
import type { EventFrame, Head, RoomState } from "./protocol";
import type { RoomItem } from "./types";

const EXCERPT = 120;

function urgent(item: RoomItem): boolean {
  return item.case?.urgency === "hour" && item.case.status !== "closed" && item.case.status !== "consensus";
}

/** Not localeCompare: the first call of it costs a slow phone 80 ms, at the very start. */
function byTitle(a: RoomItem, b: RoomItem): number {
  const [one, other] = [plain(a.title), plain(b.title)];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Mention, urgent, unread, recent. A muted room rises only when it calls. */
function compare(a: RoomItem, b: RoomItem): number {
  const rank = (i: RoomItem): number => (i.mentions > 0 ? 4 : 0) + (urgent(i) ? 2 : 0) + (i.unread > 0 && !i.muted ? 1 : 0);
  const at = (i: RoomItem): string => i.last?.at ?? i.case?.opened_at ?? "";
  return rank(b) - rank(a) || (at(a) < at(b) ? 1 : at(a) > at(b) ? -1 : byTitle(a, b));
}

export class RoomList {
  private readonly items = signal<ReadonlyMap<string, RoomItem>>(new Map());
  /** The last message heard of in each room, so that its excerpt goes with its words. */
  private lastMessage = new Map<string, string>();
  private held: string[] = [];
  /** Opened without being in the list: a case that was found, a group that was only looked at. */
  private readonly aside = new Set<string>();
  readonly sorted: ReadonlySignal<RoomItem[]> = computed(() => {
    const items = [...this.items.value.values()].filter((i) => !this.aside.has(i.id));
    if (!this.hold.value) items.sort(compare);
    else {
      const rank = new Map(this.held.map((id, i) => [id, i]));
      items.sort((a, b) => (rank.get(a.id) ?? Infinity) - (rank.get(b.id) ?? Infinity) || compare(a, b));
    }
    this.held = items.map((i) => i.id);
    return items;
  });

  /** How often a room came into the list or went out of it, by itself. */
  moves = 0;

  /** `stale` asks for the item anew: what happened cannot be told from what is held. */
  constructor(private readonly me: string, private readonly hold: Signal<boolean>, private readonly stale: (room: string) => void) {}

  get(room: string): RoomItem | null {
    return this.items.value.get(room) ?? null;
  }

  isListed(room: string): boolean {
    return this.items.peek().has(room) && !this.aside.has(room);
  }

  /** The whole list as the server has it; what is missing there is gone. */
  replace(items: RoomItem[]): void {
    const next = new Map<string, RoomItem>();
    for (const room of this.aside) {
      const item = this.items.peek().get(room);
      if (item) next.set(room, item);
    }
    for (const item of items) {
      this.aside.delete(item.id);
      next.set(item.id, this.newer(item));
    }
    this.items.value = next;
  }

  put(item: RoomItem, listed = true): void {
    if (listed && !this.isListed(item.id)) this.moves++;
    if (listed) this.aside.delete(item.id);
    else if (!this.isListed(item.id)) this.aside.add(item.id);
    this.set(this.newer(item));
  }

  remove(room: string): void {
    const next = new Map(this.items.peek());
    if (next.delete(room)) {
      this.items.value = next;
      this.moves++;
    }
    this.aside.delete(room);
    this.lastMessage.delete(room);
  }

  /** An answer that is older than what the socket brought since does not take the counts back. */
  private newer(item: RoomItem): RoomItem {
    const held = this.items.peek().get(item.id);
    if (!held || held.head.epoch !== item.head.epoch) return item;
    // Nor the read mark, which was moved here while the answer was on its way.
    if (held.head.seq < item.head.seq) return { ...item, read_seq: Math.max(held.read_seq, item.read_seq) };
    if (held.head.seq === item.head.seq && held.read_seq <= item.read_seq) return item;
    const now = { ...item, head: held.head, read_seq: held.read_seq, unread: held.unread, mentions: held.mentions, last: held.last };
    if (held.head.seq === item.head.seq) return now;
    const { status, answers } = held.case ?? {};
    return {
      ...now, lock: held.lock, members: held.members, ...(held.title ? {} : { title: "" }), // what was withdrawn does not come back
      case: item.case && status && answers !== undefined ? { ...item.case, status, answers, ...(held.case?.question ? {} : { question: "" }) } : item.case,
    };
  }

  private set(item: RoomItem): void {
    this.items.value = new Map(this.items.peek()).set(item.id, item);
  }

  private change(room: string, change: Partial<RoomItem>): void {
    const item = this.items.peek().get(room);
    if (item) this.set({ ...item, ...change });
  }

  /** The server's own counts at the head of an entry. */
  entered(room: string, head: Head, state: RoomState): void {
    const item = this.items.peek().get(room);
    if (!item) return;
    if (item.head.epoch === head.epoch && item.head.seq > head.seq) return;
    this.set({
      ...item, head, read_seq: state.read_seq, unread: state.unread, mentions: state.mentions, lock: state.lock ? { reason: state.lock.reason } : null,
    });
  }

  apply(room: string, events: EventFrame[]): void {
    const before = this.items.peek().get(room);
    if (!before) return;
    let item = before;
    for (const event of events) item = this.step(item, event);
    if (item !== before) this.set(item);
  }

  private step(item: RoomItem, event: EventFrame): RoomItem {
    const counted = event.seq <= item.head.seq;
    let next = counted ? item : { ...item, head: { epoch: event.epoch, seq: event.seq } };
    const own = event.actor?.id === this.me;
    switch (event.kind) {
      case "message.posted": {
        const d = event.data;
        if (event.seq >= (item.last?.seq ?? 0)) {
          this.lastMessage.set(item.id, d.message);
          const excerpt = d.body === null ? null : [...d.body].slice(0, EXCERPT).join("");
          next = { ...next, last: { seq: event.seq, at: event.at, actor: event.actor, excerpt, withheld: d.withheld ?? null } };
        }
        if (counted || own || event.seq <= item.read_seq) return next;
        const named = d.mentions?.some((m) => m.person === this.me) ? 1 : 0;
        return { ...next, unread: Math.min(999, next.unread + 1), mentions: next.mentions + named };
      }
      case "message.edited":
      case "message.retracted":
      case "message.hidden":
      case "message.withdrawn":
      case "message.restored": {
        const known = this.lastMessage.get(item.id);
        if (!item.last || (known && known !== event.data.message)) return next;
        // Whether it was the one shown is not always known here: its words go at once, and the server tells.
        this.stale(item.id);
        return event.kind === "message.restored" ? next : { ...next, last: { ...item.last, ...next.last, excerpt: null } };
      }
      case "consent.withdrawn": // of a case: what was asked is gone, its title with it
        this.stale(item.id);
        return { ...next, title: "", case: next.case && { ...next.case, question: "" } };
      case "room.locked":
        return { ...next, lock: { reason: event.data.reason ?? null } };
      case "room.unlocked":
        return { ...next, lock: null };
      case "moderator.joined":
        return { ...next, moderator_live: true };
      case "member.joined":
        return { ...next, members: next.members + (counted ? 0 : 1) };
      case "member.left":
      case "member.removed":
        return { ...next, members: Math.max(0, next.members - (counted ? 0 : 1)) };
      case "member.role_changed":
      case "moderator.left":
        this.stale(item.id);
        return next;
      case "case.opened":
      case "case.updated":
        if (event.data.case === item.id && item.case) return { ...next, case: { ...item.case, status: event.data.status, answers: event.data.answers } };
        this.caseOf(event.data.case, event.data.status, event.data.answers);
        return next;
      default:
        return next;
    }
  }

  /** A group's card tells of a case that is listed itself. */
  private caseOf(room: string, status: NonNullable<RoomItem["case"]>["status"], answers: number): void {
    const item = this.items.peek().get(room);
    if (item?.case) this.set({ ...item, case: { ...item.case, status, answers } });
  }

  /** Read up to `seq`, here or on another device. */
  read(room: string, seq: number): void {
    const item = this.items.peek().get(room);
    // The same place again: the server has heard of it by now, and can say how much is left.
    if (!item || seq < item.read_seq || (seq === item.read_seq && !item.unread)) return;
    if (seq >= item.head.seq || (item.last && seq >= item.last.seq)) this.change(room, { read_seq: seq, unread: 0, mentions: 0 });
    else {
      this.change(room, { read_seq: seq });
      this.stale(room);
    }
  }
}
