/** Keys for tests: the same person has the same one, as after unlocking a vault. */
import { Seal } from "../src/seal";

const seals = new Map<string, Promise<Seal>>();

export function sealOf(person: string): Promise<Seal> {
  const made = seals.get(person) ?? crypto.subtle.importKey("raw", crypto.getRandomValues(new Uint8Array(32)), "HKDF", false, ["deriveKey"]).then(Seal.of);
  seals.set(person, made);
  return made;
}

/** All that a database holds, keys and values, as a thief would read it: bytes as text too. */
export async function raw(factory: IDBFactory, name: string): Promise<string> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = factory.open(name);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const out: unknown[] = [];
  for (const store of db.objectStoreNames) {
    for (const method of ["getAllKeys", "getAll"] as const) {
      out.push(await new Promise((resolve) => {
        const request = db.transaction(store).objectStore(store)[method]() as IDBRequest<unknown>;
        request.onsuccess = () => resolve(request.result);
      }));
    }
  }
  db.close();
  const text = (value: unknown): unknown =>
    value instanceof ArrayBuffer ? new TextDecoder().decode(value) : ArrayBuffer.isView(value) ? new TextDecoder().decode(value) : value;
  return JSON.stringify(out, (_key, value: unknown) => text(value));
}
