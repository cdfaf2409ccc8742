/** What an app keeps of its own: cursors, and what it has written and nobody has acknowledged. It decides what else it keeps of events. */
import type { EventFrame, Head } from "../protocol";
import type { Page } from "./doors";

export interface Unsent { id: string; room: string; body: string; replyTo: string | null }
export interface Kept { cursors: Record<string, Head>; outbox: Unsent[] }

/** Each call is one transaction; the client waits for it before it goes on with that room. */
export interface Store {
  load(): Promise<Kept>;
  /** These events are next, in order, and lead to this cursor. */
  apply(room: string, events: EventFrame[], cursor: Head): Promise<void>;
  /** The copy of this room is void: the newest page takes its place. */
  reset(room: string, page: Page): Promise<void>;
  /** The room was lost: nothing of it may stay. */
  forget(room: string): Promise<void>;
  put(message: Unsent): Promise<void>;
  /** Acknowledged, or given up. */
  done(id: string): Promise<void>;
}

/** For tests, and for bots that may start anew. */
export class MemoryStore implements Store {
  cursors: Record<string, Head> = {};
  outbox: Unsent[] = [];
  events: EventFrame[] = [];
  pages: Record<string, Page> = {};

  async load(): Promise<Kept> {
    return { cursors: { ...this.cursors }, outbox: [...this.outbox] };
  }

  async apply(room: string, events: EventFrame[], cursor: Head): Promise<void> {
    this.events.push(...events);
    this.cursors[room] = cursor;
  }

  async reset(room: string, page: Page): Promise<void> {
    this.events = this.events.filter((event) => event.room !== room);
    this.pages[room] = page;
    this.cursors[room] = page.as_of;
  }

  async forget(room: string): Promise<void> {
    this.events = this.events.filter((event) => event.room !== room);
    delete this.pages[room];
    delete this.cursors[room];
  }

  async put(message: Unsent): Promise<void> {
    this.outbox.push(message);
  }

  async done(id: string): Promise<void> {
    this.outbox = this.outbox.filter((message) => message.id !== id);
  }
}
