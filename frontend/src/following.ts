/** Which rooms this person follows: the list from the server, and what happens that changes it. */
import { batch, type Signal } from "@preact/signals";
import { Refusal, type Api } from "./api";
import type { Cache } from "./cache";
import type { Live } from "./live";
import type { EventFrame } from "./protocol";
import type { Reads } from "./reads";
import type { RoomList } from "./roomList";
import type { Decided, RoomItem } from "./types";

export interface FollowingOptions {
  api: Api;
  list: RoomList;
  live: Live;
  reads: Reads;
  cache(): Cache;
  loaded: Signal<"no" | "cached" | "yes">;
  after(ms: number, run: () => void): () => void;
  /** A room that is open may be read now, or in another way than before. */
  touched(room: string): void;
  isOpen(room: string): boolean;
  doubt(): void;
  /** Something this person flagged, or an appeal of theirs, was decided. */
  decided(what: Decided): void;
}

const FRESH_AFTER = 300, AGAIN_AFTER = 10_000, MOST = 500, KEEP_AFTER = 2000;

export class Following {
  private loading: Promise<void> | null = null;
  private readonly due = new Set<string>();
  private closed = false;
  private keeping: (() => void) | null = null;

  constructor(private readonly o: FollowingOptions) {}

  async fromCache(): Promise<void> {
    const cached = await this.o.cache().rooms().catch(() => undefined);
    if (!cached || this.o.loaded.value !== "no") return;
    this.o.list.replace(cached);
    this.o.loaded.value = "cached";
  }

  load(): Promise<void> {
    this.loading ??= this.fetchAll().finally(() => (this.loading = null));
    return this.loading;
  }

  private async fetchAll(): Promise<void> {
    const { moves } = this.o.list;
    const items: RoomItem[] = [];
    let next: string | null = "/api/v1/rooms?limit=100";
    while (next && items.length < MOST) {
      const page: { rooms: RoomItem[]; next: string | null } = await this.o.api.get(next);
      items.push(...page.rooms);
      next = page.next;
    }
    if (this.closed) return;
    batch(() => {
      this.o.list.replace(items);
      this.o.loaded.value = "yes";
    });
    for (const item of items) this.follow(item);
    void this.o.cache().saveRooms(items).catch(() => undefined);
    if (moves !== this.o.list.moves) await this.fetchAll(); // asked for before a room came or went
  }

  /** The list as it stands now, kept a moment after it changed: where one had read to is where the next start begins. */
  keepSoon(): void {
    this.keeping ??= this.o.after(KEEP_AFTER, () => this.keep());
  }

  keep(): void {
    this.keeping?.();
    this.keeping = null;
    if (!this.closed && this.o.loaded.peek() === "yes") void this.o.cache().saveRooms(this.o.list.sorted.peek()).catch(() => undefined);
  }

  private follow(item: RoomItem): void {
    if (this.o.live.tracks.has(item.id)) return;
    this.o.live.follow(item.id, item.head);
    this.o.live.enter(item.id);
  }

  private async fetchOne(room: string, listed: boolean): Promise<void> {
    const held = this.o.list.get(room);
    try {
      const item = await this.o.api.get<RoomItem>(`/api/v1/rooms/${room}`);
      if (this.closed || (held && !this.o.list.get(room))) return; // gone meanwhile
      this.o.list.put(item, listed);
      if (listed) this.follow(item);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.status === 404) this.o.list.remove(room);
      else if (error.temporary && listed) this.o.after(AGAIN_AFTER, () => this.stale(room)); // an urgent case is not to be missed for a tunnel
    }
  }

  /** Asks for a room's item again, once for all that happens in a moment. */
  stale(room: string): void {
    if (this.due.has(room)) return;
    this.due.add(room);
    this.o.after(FRESH_AFTER, () => {
      this.due.delete(room);
      if (!this.closed) void this.fetchOne(room, this.o.list.isListed(room) || !this.o.list.get(room));
    });
  }

  /** A room that was joined, left or changed by an act of this person. */
  async changed(room: string): Promise<void> {
    await this.loading?.catch(() => undefined); // a list that was asked for before the act does not know of it
    await this.load().catch(() => undefined);
    if (!this.o.list.isListed(room)) await this.fetchOne(room, false);
    this.o.touched(room);
  }

  happened(room: string, events: EventFrame[]): void {
    this.o.list.apply(room, events);
    for (const event of events) {
      // Asked of this group, so addressed to its members.
      if (event.kind === "case.opened" && !this.o.list.isListed(event.data.case)) void this.fetchOne(event.data.case, true);
    }
  }

  personal(event: EventFrame): void {
    const { list, reads } = this.o;
    switch (event.kind) {
      case "read.marked":
        reads.heard(event.data.room, event.data.seq);
        list.read(event.data.room, event.data.seq);
        break;
      case "mention.received": {
        const item = list.get(event.data.room);
        // In a room that is followed the message itself brings the count.
        if (!item || item.head.seq < event.data.seq) this.stale(event.data.room);
        break;
      }
      case "room.joined":
        void this.changed(event.data.room);
        break;
      case "room.left":
        if (event.data.code !== "room.left" || !this.o.isOpen(event.data.room)) list.remove(event.data.room);
        break;
      case "room.renamed":
        this.stale(event.data.room);
        break;
      case "report.decided":
      case "appeal.decided":
        this.o.decided(event.kind === "report.decided" ? "report" : "appeal");
        break;
      case "verification.decided":
      case "session.revoked":
        this.o.doubt();
        break;
    }
  }

  close(): void {
    this.closed = true;
  }
}
