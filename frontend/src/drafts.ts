/** What a person has typed and not sent, a room at a time, saved while typing. */
import type { Shelf } from "./shelf";
import type { Draft } from "./types";

/** Sealing takes a moment more, which a page that goes does not have: so the pause is short. */
const PAUSE = 100;
export const EMPTY: Draft = { body: "", replyTo: null, mentions: [] };

export class Drafts {
  private late = new Map<string, { draft: Draft; timer: ReturnType<typeof setTimeout> }>();

  constructor(private readonly shelf: Shelf) {}

  async get(room: string): Promise<Draft> {
    return this.late.get(room)?.draft ?? (await this.shelf.read<Draft>("drafts", room)) ?? EMPTY;
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
    await this.shelf.settled();
  }

  private async store(room: string): Promise<void> {
    const late = this.late.get(room);
    if (!late) return;
    clearTimeout(late.timer);
    this.late.delete(room);
    const { draft } = late;
    if (draft.body || draft.replyTo || draft.pictures?.length) await this.shelf.write("drafts", room, draft);
    else await this.shelf.remove("drafts", room);
  }
}
