/** What the worker remembers between two wake-ups, and the page tells it: a small database of its own, without a word of anyone. */
import { asked, done } from "../db";

const NAME = "consult-worker";
/** Rooms of which it is known what was shown; the one shown longest ago is forgotten. */
export const ROOMS = 200;
const DAY = 86_400_000; // ms

export interface Shown { room: string; seq: number; at: number }

export function openNotes(factory: IDBFactory = indexedDB): Promise<IDBDatabase> {
  const request = factory.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("shown", { keyPath: "room" }).createIndex("at", "at");
    request.result.createObjectStore("notes");
  };
  return asked(request).then((db) => {
    db.onversionchange = () => db.close();
    return db;
  });
}

/**
 * True where `seq` is newer than all that was shown for this room; then it is the newest. One transaction: two pushes at once cannot both be new.
 * A push waits no longer than it is worth (PUSH_TTL_S, a day where the operator did not say otherwise), so after that nothing overtaken comes any more,
 * and what says less than was shown is a room that counts anew, from a backup: a push carries no epoch by which to tell.
 */
export async function isNews(db: IDBDatabase, room: string, seq: number, now: number): Promise<boolean> {
  const tx = db.transaction("shown", "readwrite");
  const store = tx.objectStore("shown");
  const before = await asked(store.get(room) as IDBRequest<Shown | undefined>);
  const news = !before || seq > before.seq || now - before.at > DAY;
  if (news) {
    store.put({ room, seq, at: now } satisfies Shown);
    const held = await asked(store.count());
    if (held > ROOMS) {
      const oldest = await asked(store.index("at").getAllKeys(null, held - ROOMS));
      for (const key of oldest) store.delete(key);
    }
  }
  await done(tx);
  return news;
}

/** The browser did not show it after all: the same is news when it comes again, and what has come meanwhile stays. */
export async function wasNotShown(db: IDBDatabase, room: string, seq: number): Promise<void> {
  const tx = db.transaction("shown", "readwrite");
  const store = tx.objectStore("shown");
  const held = await asked(store.get(room) as IDBRequest<Shown | undefined>);
  if (held?.seq === seq) store.delete(room);
  await done(tx);
}

export async function note(db: IDBDatabase, key: string, value: unknown): Promise<void> {
  const tx = db.transaction("notes", "readwrite");
  tx.objectStore("notes").put(value, key);
  await done(tx);
}

export function noted<T>(db: IDBDatabase, key: string): Promise<T | undefined> {
  return asked(db.transaction("notes").objectStore("notes").get(key) as IDBRequest<T | undefined>);
}

/** Another person may be next at this browser: what was shown to this one is no business of theirs. */
export async function forgetShown(db: IDBDatabase): Promise<void> {
  const tx = db.transaction("shown", "readwrite");
  tx.objectStore("shown").clear();
  await done(tx);
}
