/** The keys of what is kept: who may read it, when, and for how long. */
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { Refusal } from "../src/api";
import { databaseName, openDatabase } from "../src/db";
import type { Seal } from "../src/seal";
import { Shelf } from "../src/shelf";
import type { Me } from "../src/types";
import { liveVault, openVaults, Vaults, type Doors } from "../src/vault";
import { raw } from "./sealing";

const me = (id: string): Me => ({
  id, name: `Dr ${id} Secret-Name`, title: "Dr", given_name: id, family_name: "x", profession: "10", specialty: "SM15", level: null, as: null, email: `${id}@example.org`, roles: [], verification: "verified", locale: "fr", mod: false,
});

/** The server's side: whose session this browser has, and the secrets. */
class Server implements Doors {
  session: string | null = null;
  reachable = true;
  asked = 0;
  secrets = new Map<string, { person: string; secret: Uint8Array<ArrayBuffer> | null }>();
  open = (vault: string): Promise<Uint8Array<ArrayBuffer>> => {
    this.asked++;
    if (!this.reachable) return Promise.reject(new Refusal({ code: "network.unreachable", temporary: true }));
    if (!this.session) return Promise.reject(new Refusal({ code: "session.none" }, 401));
    const held = this.secrets.get(vault) ?? { person: this.session, secret: crypto.getRandomValues(new Uint8Array(32)) };
    if (held.person !== this.session) return Promise.reject(new Refusal({ code: "vault.not_found" }, 404));
    if (!held.secret) return Promise.reject(new Refusal({ code: "vault.wiped" }, 410));
    this.secrets.set(vault, held);
    return Promise.resolve(held.secret.slice());
  };
  wiped = (vault: string): Promise<boolean> => (this.reachable ? Promise.resolve(this.secrets.get(vault)?.secret === null) : Promise.reject(new Refusal({ code: "network.unreachable" })));
  wipe(person: string): void {
    for (const held of this.secrets.values()) if (held.person === person) held.secret = null;
  }
}

let factory: IDBFactory, server: Server;
const vaults = (): Vaults => new Vaults(server, factory);
const names = async (): Promise<string[]> => (await factory.databases()).map((d) => d.name ?? "").filter((name) => name !== "consult-vaults");

async function keep(person: string, seal: Seal, words: string): Promise<void> {
  const shelf = new Shelf(await openDatabase(person, factory), seal);
  await shelf.write("drafts", "R", words);
  shelf.db.close();
}
async function found(person: string, seal: Seal): Promise<unknown> {
  const shelf = new Shelf(await openDatabase(person, factory), seal);
  return shelf.read("drafts", "R").finally(() => shelf.db.close());
}

beforeEach(() => {
  factory = new IDBFactory();
  server = new Server();
});

describe("while a session lasts", () => {
  test("the app opens without asking anyone, and every tab has the same key", async () => {
    server.session = "ana";
    const seal = await vaults().open("ana");
    await vaults().remember(seal, me("ana"));
    await keep("ana", seal, "of ana");
    server.reachable = false;
    const asked = server.asked;
    const held = await vaults().held();
    expect(held?.me).toEqual({ ...me("ana"), email: "" });
    expect(await found("ana", held!.seal)).toBe("of ana");
    expect(await found("ana", await vaults().open("ana"))).toBe("of ana");
    expect(server.asked).toBe(asked);
  });

  test("two tabs that come first at once agree on one key", async () => {
    server.session = "ana";
    const [a, b] = await Promise.all([vaults().open("ana"), vaults().open("ana")]);
    await keep("ana", a!, "written by one");
    expect(await found("ana", b!)).toBe("written by one");
    expect(server.secrets.size).toBe(1);
  });

  test("a device that the server has not heard of for as long as a session lasts asks it first", async () => {
    server.session = "ana";
    const seal = await vaults().open("ana");
    await vaults().remember(seal, me("ana"));
    await keep("ana", seal, "of ana");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 13 * 24 * 3600_000 });
    try {
      expect((await vaults().held())?.me.id).toBe("ana");
      await vaults().touch("ana");
      vi.setSystemTime(Date.now() + 13 * 24 * 3600_000);
      expect((await vaults().held())?.me.id).toBe("ana");
      vi.setSystemTime(Date.now() + 2 * 24 * 3600_000);
      server.reachable = false;
      expect(await vaults().held()).toBeNull();
      await expect(vaults().open("ana")).rejects.toMatchObject({ code: "network.unreachable" });
      server.reachable = true;
      expect(await found("ana", await vaults().open("ana"))).toBe("of ana");
      expect((await vaults().held())?.me.id).toBe("ana");
    } finally {
      vi.useRealTimers();
    }
  });

  test("no script can read the key out", async () => {
    server.session = "ana";
    await vaults().open("ana");
    const db = await openVaults(factory);
    const [row] = await new Promise<Record<string, unknown>[]>((resolve) => {
      const request = db.transaction("vaults").objectStore("vaults").getAll() as IDBRequest<Record<string, unknown>[]>;
      request.onsuccess = () => resolve(request.result);
    });
    const live = row!["live"] as CryptoKey;
    expect([live.extractable, live.usages]).toEqual([false, ["deriveKey"]]);
    await expect(crypto.subtle.exportKey("raw", live)).rejects.toThrow();
  });
});

describe("after it", () => {
  test("only the wrapped key stays, without a name; the same person's next session opens it again", async () => {
    server.session = "ana";
    const seal = await vaults().open("ana");
    await vaults().remember(seal, me("ana"));
    await keep("ana", seal, "two unsent words");
    await vaults().lock();
    expect(await vaults().held()).toBeNull();
    expect(await raw(factory, "consult-vaults") + (await raw(factory, databaseName("ana")))).not.toMatch(/Secret-Name|unsent|example/);
    server.session = null;
    await expect(vaults().open("ana")).rejects.toMatchObject({ code: "session.none" });

    server.session = "ben";
    const his = await vaults().open("ben");
    await keep("ben", his, "of ben");
    expect(await found("ana", his)).toBeUndefined();
    expect((await liveVault(await openVaults(factory)))?.person).toBe("ben");
    await vaults().lock();

    server.session = "ana";
    const again = await vaults().open("ana");
    expect([await found("ana", again), await found("ben", again)]).toEqual(["two unsent words", undefined]);
  });

  test("a key that comes late does not outlive the session", async () => {
    server.session = "ana";
    const seal = await vaults().open("ana");
    await vaults().lock();
    await vaults().remember(seal, me("ana"));
    expect(await vaults().held()).toBeNull();
    expect(await raw(factory, "consult-vaults")).not.toContain("\"me\"");
  });

  test("another person's sign-in locks what is not theirs", async () => {
    server.session = "ana";
    await vaults().open("ana");
    server.session = "ben";
    await vaults().lock("ben");
    await vaults().open("ben");
    expect((await liveVault(await openVaults(factory)))?.person).toBe("ben");
  });

  test("a server that does not answer is no reason to throw anything away", async () => {
    server.session = "ana";
    await keep("ana", await vaults().open("ana"), "kept");
    await vaults().lock();
    server.reachable = false;
    await expect(vaults().open("ana")).rejects.toMatchObject({ code: "network.unreachable" });
    expect(await vaults().clear()).toBe(false);
    server.reachable = true;
    expect(await found("ana", await vaults().open("ana"))).toBe("kept");
  });
});

describe("a wipe from afar", () => {
  test("deletes at the next contact, without a session too, and only that person's", async () => {
    server.session = "ben";
    await keep("ben", await vaults().open("ben"), "of ben");
    await vaults().lock();
    server.session = "ana";
    await keep("ana", await vaults().open("ana"), "of ana");
    server.wipe("ana");
    server.session = null;
    await vaults().lock();
    expect(await vaults().clear()).toBe(true);
    expect(await names()).toEqual([databaseName("ben")]);
    server.session = "ben";
    expect(await found("ben", await vaults().open("ben"))).toBe("of ben");
  });

  test("is heard by a session that lasts, and by the next one; what follows is a vault of its own", async () => {
    server.session = "ana";
    await keep("ana", await vaults().open("ana"), "of ana");
    server.wipe("ana");
    await expect(vaults().touch("ana")).rejects.toMatchObject({ code: "vault.wiped" });
    await vaults().lock();
    const fresh = await vaults().open("ana");
    expect(await names()).toEqual([]);
    expect(await found("ana", fresh)).toBeUndefined();
    expect(server.secrets.size).toBe(2);
  });
});
