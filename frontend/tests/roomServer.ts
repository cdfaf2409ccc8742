/** A room as a server would keep it, for tests: it appends events, and gives pages, in the current state, of any moment. */
import { foldItem, itemOf, messageOf } from "../src/fold";
import type { Actor, EventData, EventFrame, EventKind, MessageItem } from "../src/protocol";
import type { MessagePage } from "../src/roomLog";

export const person = (id: string): Actor => ({ id, name: `Dr ${id}`, profession: "10", specialty: "SM15", level: null, as: null });

export class RoomServer {
  readonly events: EventFrame[] = [];
  private posts = 0;
  constructor(readonly room = "R", public epoch = "E", readonly reader = "me") {}

  get head(): { epoch: string; seq: number } {
    return { epoch: this.epoch, seq: this.events.length };
  }

  add<K extends EventKind>(kind: K, data: EventData[K], actor = "a"): EventFrame {
    const seq = this.events.length + 1;
    const event = {
      type: "event", room: this.room, epoch: this.epoch, seq, kind, at: new Date(Date.UTC(2026, 10, 23, 8, 0, seq)).toISOString(), actor: person(actor), data,
    } as unknown as EventFrame;
    this.events.push(event);
    return event;
  }

  post(body: string, actor = "a", more: Partial<EventData["message.posted"]> = {}): string {
    const message = `m${this.events.length + 1}`;
    this.add("message.posted", {
      message, client_id: `c-${message}`, post_no: ++this.posts, body, mentions: [], reply_to: null, images: [], form: "text", withheld: null, ...more,
    }, actor);
    return message;
  }

  /** Anything that may happen in a room, by a given source of chance. */
  happen(random: () => number): void {
    const ids = this.events.filter((e) => e.kind === "message.posted").map((e) => messageOf(e) as string);
    const message = ids[Math.floor(random() * ids.length)];
    const actor = random() < 0.5 ? "me" : "b";
    const dice = random();
    const now = message ? this.items(this.events.length).find((i) => i.message === message) : undefined;
    if (!message || !now || dice < 0.4) this.post(`words ${this.events.length}`, actor);
    else if (dice < 0.55 && !now.withheld) this.add("message.edited", { message, base: now.edited_seq ?? now.seq, body: `edited ${this.events.length}`, mentions: [], withheld: null });
    else if (dice < 0.62 && !now.withheld) this.add("message.retracted", { message });
    else if (dice < 0.65 && !now.withheld) this.add("message.hidden", { message });
    else if (dice < 0.67 && !now.withheld) this.add("message.withdrawn", { message });
    else if (dice < 0.85 && !now.mine.includes("useful") && !now.withheld) this.add("reaction.added", { message, reaction: "useful" }, "me");
    else if (dice < 0.9 && now.mine.includes("useful")) this.add("reaction.removed", { message, reaction: "useful" }, "me");
    else if (dice < 0.95) this.add("member.joined", { person: `p${this.events.length}` });
    else this.add("never.heard_of" as EventKind, {} as never);
  }

  /** Every message as it stood at `seq`, computed from the beginning. */
  items(seq: number): MessageItem[] {
    const items = new Map<string, MessageItem>();
    for (const event of this.events.slice(0, seq)) {
      const id = messageOf(event);
      if (event.kind === "message.posted") items.set(event.data.message, itemOf(event));
      else if (id !== null && items.has(id)) items.set(id, foldItem(items.get(id) as MessageItem, event, this.reader));
    }
    return [...items.values()];
  }

  page(of: { before?: number; after?: number; around?: number; limit: number }, asOf = this.events.length): MessagePage {
    const all = this.items(asOf);
    const { limit } = of;
    let messages: MessageItem[], more: MessagePage["more"];
    if (of.around !== undefined) {
      const half = Math.floor(limit / 2), around = of.around;
      const older = all.filter((i) => i.seq <= around), newer = all.filter((i) => i.seq > around);
      messages = [...older.slice(-half - 1), ...newer.slice(0, half)];
      more = { before: older.length > half + 1, after: newer.length > half };
    } else if (of.after !== undefined) {
      const after = of.after, rest = all.filter((i) => i.seq > after);
      messages = rest.slice(0, limit);
      more = { before: true, after: rest.length > limit };
    } else {
      const before = of.before ?? Infinity, rest = all.filter((i) => i.seq < before);
      messages = rest.slice(-limit);
      more = { before: rest.length > limit, after: before !== Infinity };
    }
    const low = more.before ? (messages[0]?.seq ?? 0) : 0, high = more.after ? (messages.at(-1)?.seq ?? 0) : asOf;
    const notices = this.events.filter((e) => e.seq >= low && e.seq <= high && e.kind.startsWith("member."));
    return { as_of: { epoch: this.epoch, seq: asOf }, messages, notices, more };
  }
}

/** Chance that repeats itself: a failing test names its seed. */
export function chance(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function shuffled<T>(list: T[], random: () => number): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}
