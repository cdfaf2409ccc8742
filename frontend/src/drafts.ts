/** What a person has typed and not sent, a room at a time, saved while typing. */
import { read, remove, write } from "./db";
import type { Draft } from "./types";

const PAUSE = 300;
export const EMPTY: Draft = { body: "", replyTo: null, mentions: [] };

export class Drafts {
  private late = new Map<string, { draft: Draft; timer: ReturnType<typeof setTimeout> }>();

  constructor(private readonly db: IDBDatabase) {}

  async get(room: string): Promise<Draft> {
    return this.late.get(room)?.draft ?? (await read<Draft>(this.db, "drafts", room)) ?? EMPTY;
  }

  /** Written after a short pause, so that a key costs no transaction. */
  save(room: string, draft: Draft): void {
    const before = this.late.get(room);
    if (before) clearTimeout(before.timer);
    this.late.set(room, { draft, timer: setTimeout(() => void this.store(room), PAUSE) });
  }

  /** Before the page goes. */
  async flush(): Promise<void> {
    await Promise.all([...this.late.keys()].map((room) => this.store(room)));
  }

  private async store(room: string): Promise<void> {
    const late = this.late.get(room);
    if (!late) return;
    clearTimeout(late.timer);
    this.late.delete(room);
    const { draft } = late;
    if (draft.body || draft.replyTo) await write(this.db, "drafts", room, draft);
    else await remove(this.db, "drafts", room);
  }
}
