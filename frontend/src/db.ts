/** IndexedDB with promises: one database a person, so that nobody on a shared workstation meets another's words. */

/** 2: what is kept lies sealed (shelf.ts, unsent.ts). 3: pictures on their way (pictures/kept.ts). */
const VERSION = 3;

export function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Resolves when what was written is on the disk. */
export function done(tx: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = tx.onerror = () => reject(tx.error);
  });
}

export function databaseName(person: string): string {
  return `consult-${person}`;
}

export function openDatabase(person: string, factory: IDBFactory = indexedDB): Promise<IDBDatabase> {
  const request = factory.open(databaseName(person), VERSION);
  request.onupgradeneeded = (event) => {
    const db = request.result;
    // What was readable and can be asked for again goes; what was written by this person is sealed once it is read.
    if (event.oldVersion === 1) request.transaction?.objectStore("cache").clear();
    if (event.oldVersion < 1) {
      // The order of writing on this device comes from the database, so that all tabs share it.
      db.createObjectStore("outbox", { keyPath: "order", autoIncrement: true }).createIndex("id", "id", { unique: true });
      db.createObjectStore("drafts");
      db.createObjectStore("cache");
    }
    const pictures = db.createObjectStore("pictures");
    pictures.createIndex("size", "size");
    pictures.createIndex("at", "at");
  };
  return asked(request).then((db) => {
    // A later version of this page, or a wipe, must not wait for this tab.
    db.onversionchange = () => db.close();
    return db;
  });
}

export type StoreName = "outbox" | "drafts" | "cache" | "pictures";

export async function wipe(db: IDBDatabase, stores: StoreName[]): Promise<void> {
  const tx = db.transaction(stores, "readwrite");
  for (const store of stores) tx.objectStore(store).clear();
  await done(tx);
}

export async function count(db: IDBDatabase, store: StoreName): Promise<number> {
  return asked(db.transaction(store).objectStore(store).count());
}
