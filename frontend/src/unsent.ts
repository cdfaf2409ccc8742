/** Unsent messages as they lie on the disk: sealed, under their client ids, in the order of writing. For the page's outbox and for the worker. */
import { asked, done } from "./db";
import { InTurn } from "./inTurn";
import type { Seal, Sealed } from "./seal";
import type { Mention } from "./protocol";
import type { DrawnOn } from "./pictures/laying";
import type { Confirmed } from "./types";

export interface Failed { code: string; message: string }
interface Words {
  room: string; body: string; replyTo: string | null; mentions: Mention[]; at: string;
  /** Ids of pictures that the server has already. */
  images?: string[];
  /** Drawn on them before it was sent. */
  marks?: DrawnOn[];
  /** Kinds of identifiers that may stay; absent where the text could not be looked at. */
  confirmed?: Confirmed;
}
export interface Unsent extends Words { order?: number; id: string; failed: Failed | null }
interface Row { order: number; id: string; sealed: Sealed; failed: Failed | null }

const place = (id: string): string => `outbox:${id}`;

export class UnsentRows {
  private readonly known = new Map<string, Words | null>();
  private readonly adds = new InTurn();

  constructor(private readonly db: IDBDatabase, private readonly seal: Seal) {}

  /** As they stand at the moment of the answer: what had to be opened first is read once more. */
  async all(): Promise<Unsent[]> {
    for (;;) {
      const rows = await asked(this.db.transaction("outbox").objectStore("outbox").getAll() as IDBRequest<(Row | (Unsent & { sealed?: undefined }))[]>);
      const closed = rows.filter((row) => !row.sealed || !this.known.has(row.id));
      if (!closed.length) return rows.flatMap(({ order, id, failed }) => (this.known.get(id) ? [{ order, id, failed, ...this.known.get(id)! }] : []));
      for (const row of closed) {
        if (row.sealed) this.known.set(row.id, (await this.seal.open<Words>(row.sealed, place(row.id))) ?? null);
        else await this.adopt(row);
      }
    }
  }

  /** Added in the order of the calls. */
  add(message: Unsent): Promise<void> {
    const { id, failed, order: _order, ...words } = message;
    return this.adds.run(async () => {
      const sealed = await this.seal.close(words, place(id));
      const tx = this.db.transaction("outbox", "readwrite");
      tx.objectStore("outbox").add({ id, sealed, failed });
      await done(tx);
      this.known.set(id, words);
    });
  }

  /** Says why it failed, or null where it is to go again. One that is gone stays gone. */
  fail(id: string, failed: Failed | null): Promise<void> {
    return this.change(id, (row) => ({ ...row, failed }));
  }

  remove(id: string): Promise<void> {
    return this.change(id, () => null);
  }

  /** One that an earlier version left readable. */
  private async adopt({ id, room, body, replyTo, mentions, at, confirmed, failed }: Unsent): Promise<void> {
    const words: Words = { room, body, replyTo, mentions, at, ...(confirmed ? { confirmed } : {}) };
    const sealed = await this.seal.close(words, place(id));
    await this.change(id, ({ order }) => ({ order, id, sealed, failed }));
  }

  private async change(id: string, to: (row: Row) => Row | null): Promise<void> {
    const tx = this.db.transaction("outbox", "readwrite"), store = tx.objectStore("outbox");
    const row = await asked(store.index("id").get(id) as IDBRequest<Row | undefined>);
    if (!row) return;
    const next = to(row);
    if (next) store.put(next);
    else store.delete(row.order);
    await done(tx);
  }
}
