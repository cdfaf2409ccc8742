/**
 * One room's log: a bounded window of messages in their current state, kept true by the events that follow.
 *
 * A page of messages tells of which moment it is (`as_of`); every message remembers that moment, and only later events
 * are applied to it. Events that came while a page was under way are kept for a while and applied when it arrives.
 */
import { foldItem, isNotice, itemOf, messageOf } from "./fold";
import { Order } from "./order";
import type { EventFrame, Head, MessageItem } from "./protocol";

export interface MessagePage {
  as_of: Head;
  messages: MessageItem[];
  notices: EventFrame[];
  more: { before: boolean; after: boolean };
}
export type PageKind = "replace" | "before" | "after";
export interface Entry { item: MessageItem; asOf: number }

export const PAGE = 200;
/** Pages kept; beyond it the far end of the window is let go. */
const PAGES = 5;
const RECENT = 1500;
const EXTRAS = 300;
/** Votes, marks, diagnoses and the rest; and what happens to a message after it was posted. */
const ABOUT_CASE = /^(answer|vote|differential|reference|consensus|outcome|consent|case)\.|^message\.[^p]/;

export class RoomLog {
  readonly order = new Order();
  /** False until a page was loaded: the log only counts then. */
  loaded = false;
  /** True where the window reaches the newest event. */
  live = false;
  moreBefore = false;
  /** Everything of the window's messages and notices up to here is in it. */
  from = 0;
  to = 0;
  /** The newest post number heard of, to count what is below the window. */
  lastPost = 0;
  /** Up to which event the room's case may have moved: what is read of it must not be older. */
  said = 0;
  /** Changes with everything that is drawn. */
  version = 0;
  /** Messages whose words came back or whose text is not known: to be read again. */
  readonly wanted = new Set<string>();

  private entries: Entry[] = [];
  private byId = new Map<string, Entry>();
  private noticesBySeq = new Map<number, EventFrame>();
  /** Quoted messages outside the window. */
  private extras = new Map<string, Entry>();
  private recent: EventFrame[] = [];
  private reading: "before" | "after" = "after";

  /** `keep` holds recent events for pages under way; a room that is only counted needs none. */
  constructor(readonly me: string, public keep = true) {}

  get items(): readonly Entry[] {
    return this.entries;
  }

  get first(): MessageItem | undefined {
    return this.entries[0]?.item;
  }

  get last(): MessageItem | undefined {
    return this.entries.at(-1)?.item;
  }

  /** How many messages came after the window. */
  get below(): number {
    return this.loaded && !this.live ? Math.max(0, this.lastPost - (this.last?.post_no ?? this.lastPost)) : 0;
  }

  notices(): EventFrame[] {
    return [...this.noticesBySeq.values()].sort((a, b) => a.seq - b.seq);
  }

  find(message: string): MessageItem | undefined {
    return (this.byId.get(message) ?? this.extras.get(message))?.item;
  }

  hasClientId(id: string): boolean {
    // The newest first: what is looked for was just sent.
    for (let i = this.entries.length - 1; i >= 0; i--) {
      const item = this.entries[i]?.item;
      if (item?.client_id === id && item.actor?.id === this.me) return true;
    }
    return false;
  }

  /** The position is known, and nothing else: every message held is dropped. */
  reset(head: Head): void {
    if (head.epoch !== this.order.epoch) this.lastPost = 0;
    this.order.set(head);
    this.clear();
    this.said = head.seq;
    this.recent = [];
  }

  private clear(): void {
    this.loaded = this.live = this.moreBefore = false;
    this.from = this.to = 0;
    this.entries = [];
    this.byId.clear();
    this.noticesBySeq.clear();
    this.extras.clear();
    this.wanted.clear();
    this.version++;
  }

  /** Takes an event from the wire; returns those that came into effect. A hole shows as `order.missing` > 0. */
  apply(event: EventFrame): EventFrame[] {
    const taken = this.order.take(event);
    for (const e of taken) {
      if (this.keep) this.recent.push(e);
      if (ABOUT_CASE.test(e.kind)) this.said = e.seq;
      this.fold(e);
    }
    if (this.recent.length > RECENT) this.recent.splice(0, this.recent.length - RECENT / 2);
    if (taken.length && this.loaded) {
      this.trim();
      this.version++;
    }
    return taken;
  }

  private fold(event: EventFrame): void {
    if (event.kind === "message.posted") this.lastPost = Math.max(this.lastPost, event.data.post_no);
    if (!this.loaded) return;
    if (event.kind === "message.posted") {
      if (this.live && event.seq > this.to) this.put({ item: itemOf(event), asOf: event.seq });
    } else if (isNotice(event) && (this.live ? event.seq > this.to : false)) {
      this.noticesBySeq.set(event.seq, event);
    }
    const id = messageOf(event);
    if (id !== null && event.kind !== "message.posted") {
      for (const entry of [this.byId.get(id), this.extras.get(id)]) {
        if (!entry || event.seq <= entry.asOf) continue;
        entry.item = foldItem(entry.item, event, this.me);
        entry.asOf = event.seq;
        // The words do not come with the event that gives them back.
        if (event.kind === "message.restored") this.wanted.add(id);
      }
    }
    if (this.live) this.to = Math.max(this.to, event.seq);
  }

  /**
   * Puts a page in place. "stale": later events that it lacks are no longer held, so ask for it again;
   * "epoch": it is of another life of the log; "detached": the window has moved meanwhile.
   */
  load(kind: PageKind, page: MessagePage, edge?: number): "ok" | "stale" | "epoch" | "detached" {
    const at = page.as_of;
    if (this.order.epoch === null) this.order.set(at);
    if (at.epoch !== this.order.epoch) return "epoch";
    const later = this.after(at.seq);
    if (!later) return "stale";
    const messages = [...page.messages].sort((a, b) => a.seq - b.seq);
    const firstSeq = messages[0]?.seq, lastSeq = messages.at(-1)?.seq;
    if (kind === "before") {
      if (!this.loaded || edge !== this.from) return "detached";
      this.reading = "before";
      this.moreBefore = page.more.before;
      this.from = page.more.before ? (firstSeq ?? this.from) : 0;
    } else if (kind === "after") {
      if (!this.loaded || this.live || edge !== this.to) return "detached";
      this.reading = "after";
      this.live = !page.more.after;
      this.to = page.more.after ? (lastSeq ?? this.to) : at.seq;
    } else {
      this.clear();
      this.loaded = true;
      this.said = Math.max(this.said, at.seq);
      this.live = !page.more.after;
      this.reading = this.live ? "after" : "before";
      this.moreBefore = page.more.before;
      this.from = page.more.before ? (firstSeq ?? 0) : 0;
      this.to = page.more.after ? (lastSeq ?? 0) : at.seq;
    }
    for (const item of messages) {
      this.lastPost = Math.max(this.lastPost, item.post_no);
      if (!this.byId.has(item.message)) this.put({ item, asOf: at.seq });
    }
    for (const notice of page.notices) if (isNotice(notice)) this.noticesBySeq.set(notice.seq, notice);
    for (const event of later) this.fold(event);
    this.trim();
    this.version++;
    return "ok";
  }

  /** One message read again, as of `asOf`: in the window in place, else as a quoted one. */
  refresh(item: MessageItem, asOf: number): void {
    const later = this.after(asOf);
    this.wanted.delete(item.message);
    const entry = this.byId.get(item.message);
    if (entry) {
      entry.item = item;
      entry.asOf = asOf;
    } else {
      this.extras.set(item.message, { item, asOf });
      for (const id of this.extras.keys()) if (this.extras.size > EXTRAS) this.extras.delete(id);
    }
    if (!later) this.wanted.add(item.message); // what happened to it since is not known any more
    for (const event of later ?? []) if (messageOf(event) === item.message) this.fold(event);
    this.version++;
  }

  /** The page to keep for the next start: the newest messages, as of now. */
  newestPage(limit: number): MessagePage | null {
    const head = this.order.head;
    // A message read ahead of the cursor would get those events a second time.
    if (!head || !this.loaded || !this.live || this.to > head.seq) return null;
    const items = this.entries.slice(-limit).map((e) => e.item);
    const from = items[0]?.seq ?? 0;
    const cut = this.entries.length > items.length;
    return {
      as_of: head, messages: items, notices: this.notices().filter((n) => n.seq >= from || !cut),
      more: { before: cut || this.moreBefore, after: false },
    };
  }

  /** The events after `seq` up to the tip; null where some are no longer held. */
  private after(seq: number): EventFrame[] | null {
    if (seq >= this.order.tip) return [];
    const later = this.recent.filter((e) => e.seq > seq);
    return later.length === this.order.tip - seq ? later : null;
  }

  private put(entry: Entry): void {
    const seq = entry.item.seq;
    let i = this.entries.length;
    while (i > 0 && (this.entries[i - 1]?.item.seq ?? 0) > seq) i--;
    if (this.entries[i - 1]?.item.seq === seq) return;
    this.entries.splice(i, 0, entry);
    this.byId.set(entry.item.message, entry);
    this.extras.delete(entry.item.message);
  }

  /** Lets go of the end that is not being read, a page at a time. */
  private trim(): void {
    while (this.entries.length > PAGES * PAGE) {
      if (this.reading === "after") {
        for (const gone of this.entries.splice(0, PAGE)) this.byId.delete(gone.item.message);
        this.moreBefore = true;
        this.from = this.first?.seq ?? 0;
        for (const seq of this.noticesBySeq.keys()) if (seq < this.from) this.noticesBySeq.delete(seq);
      } else {
        for (const gone of this.entries.splice(this.entries.length - PAGE)) this.byId.delete(gone.item.message);
        this.live = false;
        this.to = this.last?.seq ?? 0;
        for (const seq of this.noticesBySeq.keys()) if (seq > this.to) this.noticesBySeq.delete(seq);
      }
    }
  }
}
