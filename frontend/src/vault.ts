/**
 * The keys of what is kept on this device (docs/offline.md). Each person who signed in here has a vault: a data key that lies here
 * wrapped by a secret, which the server gives that person's sessions alone. While a session lasts the key also lies here unwrapped, as a
 * CryptoKey that cannot be read out, so that the app opens without a network; with the session it goes, and the wrapped one stays.
 */
import { asked, databaseName, done } from "./db";
import { Refusal } from "./api";
import { derive, Seal, type Sealed } from "./seal";
import type { Me } from "./types";

const NAME = "consult-vaults";
/** So long a key is good without a word of the server, as a session is: a phone that is never on the network again does not stay open for ever. */
const TRUSTED_MS = 14 * 24 * 3600_000;
const AES = { name: "AES-GCM", length: 256 };

export interface Doors {
  /** The vault's secret, 32 bytes. Rejects with a Refusal; vault.wiped, vault.not_found: what is kept here can never be read again. */
  open(vault: string): Promise<Uint8Array<ArrayBuffer>>;
  wiped(vault: string): Promise<boolean>;
}
interface Vault {
  person: string;
  /** As the server knows it. */
  vault: string;
  wrapped?: Sealed;
  /** Only while a session of this person lasts. */
  live?: CryptoKey;
  /** When the server last gave the secret, in ms since 1970. */
  seen?: number;
  /** Who that is, for the start without a network. */
  me?: Sealed;
}

const keyOf = (vault: Vault): CryptoKey | undefined => (Math.abs(Date.now() - (vault.seen ?? 0)) < TRUSTED_MS ? vault.live : undefined);

export function openVaults(factory: IDBFactory = indexedDB): Promise<IDBDatabase> {
  const request = factory.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("vaults", { keyPath: "person" });
  return asked(request).then((db) => {
    db.onversionchange = () => db.close();
    return db;
  });
}

/** Whose key lies here unwrapped: there is at most one. */
export async function liveVault(db: IDBDatabase): Promise<{ person: string; seal: Seal; me: Me | undefined } | null> {
  const held = (await asked(db.transaction("vaults").objectStore("vaults").getAll() as IDBRequest<Vault[]>)).find(keyOf);
  const live = held && keyOf(held);
  if (!live) return null;
  const seal = await Seal.of(live);
  return { person: held.person, seal, me: held.me && (await seal.open<Me>(held.me, "me")) };
}

export class Vaults {
  private opening: Promise<IDBDatabase> | null = null;

  constructor(private readonly doors: Doors, private readonly factory: IDBFactory = indexedDB, private readonly uuid = () => crypto.randomUUID() as string) {}

  /** Who was signed in here last, and the key to what they keep: before, and without, an answer of the server. */
  async held(): Promise<{ me: Me; seal: Seal } | null> {
    const live = await liveVault(await this.db());
    return live?.me ? { me: live.me, seal: live.seal } : null;
  }

  /** The key to what this person keeps here. Without an unwrapped one the server is asked; rejects with its Refusal. */
  async open(person: string): Promise<Seal> {
    for (let again = false; ; again = true) {
      const held = await this.mine(person);
      const trusted = keyOf(held);
      if (trusted) return Seal.of(trusted);
      try {
        const live = await this.unwrap(held);
        if (live) return await Seal.of(live);
        // Wrapped by a secret that the server does not have any more.
        await this.destroy(person);
      } catch (error) {
        if (again || !(error instanceof Refusal) || (error.code !== "vault.wiped" && error.code !== "vault.not_found")) throw error;
        await this.destroy(person);
      }
    }
  }

  private async unwrap(held: Vault): Promise<CryptoKey | null> {
    const secret = await this.doors.open(held.vault);
    const { subtle } = crypto;
    const wrapping = await derive(await subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]), "wrapping", AES, ["encrypt", "unwrapKey"], held.vault);
    secret.fill(0);
    let wrapped = held.wrapped;
    if (!wrapped) {
      const raw = crypto.getRandomValues(new Uint8Array(32)), iv = crypto.getRandomValues(new Uint8Array(12));
      wrapped = { iv, data: await subtle.encrypt({ name: "AES-GCM", iv }, wrapping, raw) };
      raw.fill(0);
    }
    const live = await subtle.unwrapKey("raw", wrapped.data, wrapping, { name: "AES-GCM", iv: wrapped.iv }, "HKDF", false, ["deriveKey"]).catch(() => null);
    if (!live) return null;
    return this.change(held.person, (now) => {
      // Another tab was quicker: what it began to write must stay readable.
      if (now && keyOf(now)) return now;
      return { ...(now ?? held), ...(now?.wrapped ? {} : { wrapped }), live, seen: Date.now() };
    }).then((kept) => kept?.live ?? null);
  }

  /** Kept for the next start, for as long as the session lasts. */
  async remember(seal: Seal, me: Me): Promise<void> {
    // Their address is not kept.
    const sealed = await seal.close({ ...me, email: "" }, "me");
    await this.change(me.id, (now) => (now?.live ? { ...now, me: sealed } : now));
  }

  /** A session ended: the keys of everyone, but of `except`, lie here wrapped alone. */
  async lock(except: string | null = null): Promise<void> {
    for (const { person } of await this.all()) {
      if (person === except) continue;
      await this.change(person, (now) => now && { person, vault: now.vault, ...(now.wrapped ? { wrapped: now.wrapped } : {}) });
    }
  }

  /** What was wiped from afar goes; of a server that does not answer it is asked another time. True where something went. */
  async clear(): Promise<boolean> {
    let some = false;
    for (const { person, vault } of await this.all()) {
      if (!(await this.doors.wiped(vault).catch(() => false))) continue;
      await this.destroy(person);
      some = true;
    }
    return some;
  }

  /** Tells the server which session has this vault now; rejects with vault.wiped where it is to go. */
  async touch(person: string): Promise<void> {
    const held = (await this.all()).find((one) => one.person === person);
    if (!held?.live) return;
    (await this.doors.open(held.vault)).fill(0);
    await this.change(person, (now) => (now?.live ? { ...now, seen: Date.now() } : now));
  }

  /** All that this person keeps here. */
  async destroy(person: string): Promise<void> {
    await this.change(person, () => undefined);
    await asked(this.factory.deleteDatabase(databaseName(person)));
  }

  /** One id for all tabs, before the server is asked. */
  private async mine(person: string): Promise<Vault> {
    const kept = await this.change(person, (now) => now ?? { person, vault: this.uuid() });
    if (!kept) throw new Refusal({ code: "vault.not_found" });
    return kept;
  }

  private async all(): Promise<Vault[]> {
    return asked((await this.db()).transaction("vaults").objectStore("vaults").getAll() as IDBRequest<Vault[]>);
  }

  /** One transaction; undefined deletes. */
  private async change(person: string, to: (now: Vault | undefined) => Vault | undefined): Promise<Vault | undefined> {
    const tx = (await this.db()).transaction("vaults", "readwrite"), store = tx.objectStore("vaults");
    const now = (await asked(store.get(person))) as Vault | undefined;
    const next = to(now);
    if (next) store.put(next);
    else store.delete(person);
    await done(tx);
    return next;
  }

  private db(): Promise<IDBDatabase> {
    this.opening ??= openVaults(this.factory).catch((error: unknown) => {
      this.opening = null;
      throw error;
    });
    return this.opening;
  }
}
