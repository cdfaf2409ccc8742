/** Pictures on their way to the server, as they are to leave: masked and sealed on this device, so that a tab that closes loses none. */
import { asked, done } from "../db";
import type { Seal, Sealed } from "../seal";
import type { Drawn } from "./laying";

/** A picture of a draft, with the marks that go with it: the server has it, or it is on its way under its client id. */
export type Kept = { image: string; marks: Drawn[] } | { going: string; marks: Drawn[] };
interface Row { sealed: Sealed; size: number; at: number }

/** Two drafts' worth. */
export const MOST_PICTURES = 12;
export const MOST_BYTES = 100 * 1024 * 1024;
/** The server gives an upload up after a day; so does the device. */
const LONGEST_MS = 24 * 3600_000;

const place = (id: string): string => `picture:${id}`;

export const goingOf = (pictures: readonly Kept[]): string[] => pictures.flatMap((one) => ("going" in one ? [one.going] : []));

export class KeptPictures {
  constructor(private readonly db: IDBDatabase, private readonly seal: Seal, private readonly now: () => number = Date.now) {}

  /** False where there is no place for it on this device. */
  async keep(id: string, file: Blob): Promise<boolean> {
    const [name, sealed] = await Promise.all([this.seal.name(place(id)), file.arrayBuffer().then((bytes) => this.seal.closeBytes(bytes, place(id)))]);
    try {
      const tx = this.db.transaction("pictures", "readwrite"), store = tx.objectStore("pictures");
      const sizes = await indexed(store.index("size"));
      const fits = sizes.length < MOST_PICTURES && sizes.reduce((sum, [size]) => sum + size, file.size) <= MOST_BYTES;
      if (fits) store.put({ sealed, size: file.size, at: this.now() } satisfies Row, name);
      await done(tx);
      return fits;
    } catch {
      return false; // a full disk, or one that refuses: whoever sends the picture is told
    }
  }

  /** undefined where it is gone, or lies under another key. */
  async read(id: string): Promise<Blob | undefined> {
    const name = await this.seal.name(place(id));
    const row = await asked(this.db.transaction("pictures").objectStore("pictures").get(name) as IDBRequest<Row | undefined>);
    const bytes = row && (await this.seal.openBytes(row.sealed, place(id)));
    return bytes && new Blob([bytes]);
  }

  async remove(ids: readonly string[]): Promise<void> {
    const names = await Promise.all(ids.map((id) => this.seal.name(place(id))));
    const tx = this.db.transaction("pictures", "readwrite");
    for (const name of names) tx.objectStore("pictures").delete(name);
    await done(tx);
  }

  /** What nobody came back for goes. */
  async tidy(): Promise<void> {
    const tx = this.db.transaction("pictures", "readwrite"), store = tx.objectStore("pictures");
    for (const [at, name] of await indexed(store.index("at"))) if (at < this.now() - LONGEST_MS) store.delete(name);
    await done(tx);
  }
}

/** What is indexed, with the name of each row: the pictures themselves stay on the disk. */
function indexed(index: IDBIndex): Promise<[number, IDBValidKey][]> {
  return new Promise((resolve, reject) => {
    const found: [number, IDBValidKey][] = [];
    const request = index.openKeyCursor();
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) { resolve(found); return; }
      found.push([cursor.key as number, cursor.primaryKey]);
      cursor.continue();
    };
  });
}
