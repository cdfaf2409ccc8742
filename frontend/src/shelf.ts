/** One person's part of this device's disk, where every name and value lies sealed. Writes of a tab are done in the order in which they were asked for. */
import { asked, done, type StoreName } from "./db";
import { InTurn } from "./inTurn";
import type { Seal, Sealed } from "./seal";

export class Shelf {
  private readonly writes = new InTurn();

  constructor(readonly db: IDBDatabase, readonly seal: Seal) {}

  async read<T>(store: StoreName, key: string): Promise<T | undefined> {
    await this.writes.settled(); // what was written before is read
    const name = await this.seal.name(`${store}:${key}`);
    const sealed = await asked(this.db.transaction(store).objectStore(store).get(name) as IDBRequest<Sealed | undefined>);
    return sealed && this.seal.open<T>(sealed, name);
  }

  /** Nothing is written where `unless` has come true by then. */
  write(store: StoreName, key: string, value: unknown, unless?: () => boolean): Promise<void> {
    return this.writes.run(async () => {
      const name = await this.seal.name(`${store}:${key}`), sealed = await this.seal.close(value, name);
      if (unless?.()) return;
      const tx = this.db.transaction(store, "readwrite");
      tx.objectStore(store).put(sealed, name);
      await done(tx);
    });
  }

  remove(store: StoreName, key: string): Promise<void> {
    return this.writes.run(async () => {
      const name = await this.seal.name(`${store}:${key}`);
      const tx = this.db.transaction(store, "readwrite");
      tx.objectStore(store).delete(name);
      await done(tx);
    });
  }

  /** All that was asked for so far is on the disk, or was refused. */
  settled(): Promise<void> {
    return this.writes.settled();
  }

  /** Drafts that an earlier version left readable are sealed. */
  async adopt(): Promise<void> {
    const store = this.db.transaction("drafts").objectStore("drafts");
    const [keys, values] = await Promise.all([asked(store.getAllKeys()), asked(store.getAll() as IDBRequest<object[]>)]);
    for (const [at, key] of keys.entries()) {
      const value = values[at];
      if (!value || "iv" in value) continue;
      await this.write("drafts", String(key), value);
      const tx = this.db.transaction("drafts", "readwrite");
      tx.objectStore("drafts").delete(key);
      await done(tx);
    }
  }
}
