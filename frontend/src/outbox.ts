/**
 * The messages that have not left yet: kept in IndexedDB under their client ids, sent in order room by room, by one tab.
 *
 * The tab that holds the lock is the sender, and only a tab with a live connection asks for it: when the connection
 * goes, the lock goes, and another tab may take over. Sending an id twice has no second effect, so whatever is
 * unsure is sent again.
 */
import { Refusal } from "./api";
import { lay } from "./pictures/laying";
import type { MarkAdd, MessagePost, OkFrame } from "./protocol";
import type { Confirmed, OutboxEntry } from "./types";
import type { Unsent, UnsentRows } from "./unsent";

export interface Channel {
  postMessage(message: unknown): void;
  close(): void;
  onmessage: ((event: { data: unknown }) => void) | null;
}
export interface Locks {
  request(name: string, options: { signal?: AbortSignal }, held: () => Promise<void>): Promise<unknown>;
}
export interface OutboxOptions {
  person: string;
  rows: UnsentRows;
  /** Sends one message, or a mark on its pictures, over the live connection. */
  post(one: MessagePost | MarkAdd): Promise<OkFrame>;
  /** What is drawn changed. */
  changed(): void;
  /** Sent and acknowledged, in this tab or another. */
  acked(entry: OutboxEntry, seq: number): void;
  /** Something waits, and this tab cannot send it now: a worker may, later. */
  later?: () => void;
  channel?: Channel | null;
  locks?: Locks | null;
  uuid?: () => string;
  now?: () => number;
  timer?: (run: () => void, ms: number) => unknown;
}
type News = { type: "changed" } | { type: "sending"; id: string } | { type: "acked"; id: string; seq: number };

/** A temporary refusal that says no time is tried again after this. */
const RETRY = 1000;

export class Outbox {
  /** Every unsent message of this person on this device, in order of writing. */
  entries: OutboxEntry[] = [];
  private sending = new Set<string>();
  /** Not in the database yet, or never, where the disk refuses. */
  private memory = new Map<string, Unsent>();
  private writing = new Set<string>();
  /** Messages and marks that are acknowledged, though the row may not be deleted yet. */
  private sent = new Set<string>();
  private waiting = new Map<string, { code: string; message: string; until: number }>();
  private busy = new Set<string>();
  private release: (() => void) | null = null;
  private wanted: AbortController | null = null;
  private sender = false;
  private closed = false;
  private run = 0;
  private loading: Promise<void> = Promise.resolve();

  constructor(private readonly o: OutboxOptions) {
    if (o.channel) o.channel.onmessage = (event) => void this.hear(event.data as News);
  }

  /** What this person left here, also in an earlier life of the page. One reading after the other, so that an older one never comes last. */
  load(): Promise<void> {
    const mine = this.loading.then(() => this.read());
    this.loading = mine.catch(() => undefined); // told to who asked for it
    return mine;
  }

  private async read(): Promise<void> {
    if (this.closed) return;
    const rows = await this.o.rows.all();
    if (this.closed) return;
    const stored = new Set(rows.map((r) => r.id));
    rows.push(...[...this.memory.values()].filter((r) => !stored.has(r.id)));
    this.entries = rows.filter((r) => !this.sent.has(r.id)).map((r) => this.entry(r));
    this.o.changed();
    if (this.sender) this.pump();
  }

  get unsent(): number {
    return this.entries.length;
  }

  /** In sight at once, so that nobody waits for a disk to write on; `stored` resolves when it is kept. */
  put(message: { room: string; body: string; replyTo?: string | null; mentions?: OutboxEntry["mentions"]; images?: string[]; marks?: OutboxEntry["marks"]; confirmed?: Confirmed }): { id: string; stored: Promise<void> } {
    const id = (this.o.uuid ?? (() => crypto.randomUUID()))();
    const at = new Date(this.now()).toISOString();
    const row: Unsent = { ...message, id, replyTo: message.replyTo ?? null, mentions: message.mentions ?? [], at, failed: null };
    this.memory.set(id, row);
    this.writing.add(id);
    this.entries = [...this.entries, this.entry(row)];
    this.o.changed();
    return { id, stored: this.keep(row) };
  }

  async add(message: Parameters<Outbox["put"]>[0]): Promise<string> {
    const { id, stored } = this.put(message);
    await stored;
    return id;
  }

  private async keep(row: Unsent): Promise<void> {
    try {
      await this.o.rows.add(row);
      this.memory.delete(row.id);
    } catch {
      // A full or forbidden disk: it lives in this tab alone, and leaves from here.
    }
    this.writing.delete(row.id);
    this.tell({ type: "changed" });
    if (!this.sender) this.o.later?.();
    await this.load();
  }

  /** A failed message once more, under the same id. */
  async retry(id: string): Promise<void> {
    await this.fail(id, null);
    const room = this.entries.find((e) => e.id === id)?.room;
    if (room) this.waiting.delete(room);
    this.tell({ type: "changed" });
    await this.load();
  }

  /** Given up by its author. */
  async discard(id: string): Promise<void> {
    await this.remove(id);
    this.tell({ type: "changed" });
    await this.load();
  }

  /** The connection is up: become the sender as soon as no other tab is. */
  connected(): void {
    if (this.wanted || this.closed) return;
    const wanted = new AbortController();
    this.wanted = wanted;
    this.waiting.clear();
    const hold = (): Promise<void> => {
      if (wanted.signal.aborted) return Promise.resolve();
      this.sender = true;
      this.run++;
      void this.load();
      return new Promise((resolve) => (this.release = resolve));
    };
    if (!this.o.locks) void hold();
    else this.o.locks.request(`consult-outbox-${this.o.person}`, { signal: wanted.signal }, hold).catch(() => undefined);
  }

  /** The connection is gone: what was under way is unsure and will be sent again, by whoever is connected. */
  disconnected(): void {
    this.wanted?.abort();
    this.wanted = null;
    this.sender = false;
    this.run++;
    this.busy.clear();
    this.sending.clear();
    this.release?.();
    this.release = null;
    this.mark();
    if (this.entries.some((e) => e.state !== "failed")) this.o.later?.();
  }

  close(): void {
    this.disconnected();
    this.closed = true;
    this.o.channel?.close();
  }

  private pump(): void {
    for (const room of new Set(this.entries.map((e) => e.room))) void this.drain(room);
  }

  /** One room's messages one after the other: a later one must not overtake one that has to wait. */
  private async drain(room: string): Promise<void> {
    const run = this.run;
    if (this.busy.has(room)) return;
    this.busy.add(room);
    try {
      while (this.sender && run === this.run) {
        const wait = this.waiting.get(room);
        if (wait && wait.until > this.now()) return;
        const next = this.entries.find((e) => e.room === room && e.state !== "failed");
        // One that is being written goes when it is kept; a later one must not overtake it.
        if (!next || this.writing.has(next.id)) return;
        this.sending.add(next.id);
        this.tell({ type: "sending", id: next.id });
        this.mark();
        try {
          const ok = await this.o.post({
            type: "message.post", room, id: next.id, body: next.body,
            ...(next.replyTo ? { reply_to: next.replyTo } : {}), ...(next.mentions.length ? { mentions: next.mentions } : {}),
            ...(next.confirmed ? { confirmed: next.confirmed } : {}),
            ...(next.images?.length ? { images: next.images } : {}),
          });
          // The row stays until all of it is there: who sends it again hears the same answer, and goes on with the marks.
          await lay((next.marks ?? []).filter((mark) => !this.sent.has(mark.id)), room, ok.message!, (mark) => this.o.post(mark).then(() => this.sent.add(mark.id)));
          if (run !== this.run) return;
          this.waiting.delete(room);
          const seq = ok.seq ?? 0;
          this.o.acked(next, seq);
          this.drop(next.id);
          await this.remove(next.id);
          this.tell({ type: "acked", id: next.id, seq });
        } catch (error) {
          if (run !== this.run) return;
          if (!(await this.refused(next, error))) return;
        } finally {
          if (run === this.run) this.sending.delete(next.id);
          this.mark();
        }
      }
    } finally {
      if (run === this.run) this.busy.delete(room);
    }
  }

  /** True where the next message of the room may go. */
  private async refused(entry: OutboxEntry, error: unknown): Promise<boolean> {
    // No answer: the connection is ending, and the next one sends the same id.
    if (!(error instanceof Refusal) || error.code.startsWith("network.")) return false;
    if (!error.temporary) {
      await this.fail(entry.id, { code: error.code, message: error.message });
      const failed = { state: "failed" as const, code: error.code, message: error.message };
      this.entries = this.entries.map((e) => (e.id === entry.id ? { ...e, ...failed } : e));
      this.tell({ type: "changed" });
      return true;
    }
    const ms = Math.max(error.retryAfter, error.retryAfter ? 50 : RETRY);
    this.tell({ type: "changed" });
    this.waiting.set(entry.room, { code: error.code, message: error.message, until: this.now() + ms });
    (this.o.timer ?? setTimeout)(() => void this.drain(entry.room), ms + 10);
    return false;
  }

  private async hear(news: News): Promise<void> {
    if (this.closed) return;
    if (news.type === "sending") {
      this.entries = this.entries.map((e) => (e.id === news.id && e.state === "queued" ? { ...e, state: "sending" } : e));
      this.o.changed();
    } else if (news.type === "acked") {
      const entry = this.entries.find((e) => e.id === news.id);
      if (entry) this.o.acked(entry, news.seq);
      this.drop(news.id);
      this.o.changed();
    } else {
      await this.load();
    }
  }

  private drop(id: string): void {
    this.sent.add(id);
    this.memory.delete(id);
    this.entries = this.entries.filter((e) => e.id !== id);
  }

  /** Draws the states anew; failed ones keep theirs. */
  private mark(): void {
    this.entries = this.entries.map((e) => {
      if (e.state === "failed") return e;
      const wait = this.waiting.get(e.room);
      const { code: _code, message: _message, ...plain } = e;
      return { ...plain, state: this.sending.has(e.id) ? "sending" : "queued", ...(wait ? { code: wait.code, message: wait.message } : {}) };
    });
    if (!this.closed) this.o.changed();
  }

  private entry(row: Unsent): OutboxEntry {
    const { failed, order = Number.MAX_SAFE_INTEGER, ...words } = row;
    const wait = this.waiting.get(row.room);
    const state = failed ? "failed" : this.sending.has(row.id) ? "sending" : "queued";
    const why = failed ?? (wait ? { code: wait.code, message: wait.message } : {});
    return { ...words, order, state, ...why };
  }

  private async fail(id: string, failed: Unsent["failed"]): Promise<void> {
    const kept = this.memory.get(id);
    if (kept) this.memory.set(id, { ...kept, failed });
    else await this.o.rows.fail(id, failed);
  }

  private async remove(id: string): Promise<void> {
    if (!this.memory.delete(id)) await this.o.rows.remove(id);
  }

  private tell(news: News): void {
    this.o.channel?.postMessage(news);
  }

  private now(): number {
    return (this.o.now ?? Date.now)();
  }
}
