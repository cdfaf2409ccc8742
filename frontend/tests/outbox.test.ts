/** The outbox: nothing typed is lost, everything is sent once and in order, and persons do not meet. */
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, test } from "vitest";
import { Refusal } from "../src/api";
import { databaseName, openDatabase, wipe } from "../src/db";
import { Drafts } from "../src/drafts";
import { Outbox } from "../src/outbox";
import type { MarkAdd, MessagePost, OkFrame } from "../src/protocol";
import { Shelf } from "../src/shelf";
import { UnsentRows } from "../src/unsent";
import { chance } from "./roomServer";
import { raw, sealOf } from "./sealing";
import { Channels, LockManager, settle } from "./tabs";

let factory: IDBFactory, channels: Channels, locks: LockManager;
beforeEach(() => {
  factory = new IDBFactory();
  channels = new Channels();
  locks = new LockManager();
});

/** A server that knows client ids, and may answer as a test wants. */
class Server {
  log: { room: string; id: string; body: string }[] = [];
  received: string[] = [];
  answer: (m: MessagePost) => Promise<OkFrame> | null = () => null;
  post = (m: MessagePost | MarkAdd): Promise<OkFrame> => {
    if (m.type === "mark.add") return this.mark(m);
    this.received.push(m.id);
    return this.answer(m) ?? Promise.resolve(this.commit(m));
  };
  /** Marks that were asked for, and those that stand. */
  asked: string[] = [];
  laid = new Map<string, string>();
  marking: (m: MarkAdd) => Promise<OkFrame> | null = () => null;
  mark = (m: MarkAdd): Promise<OkFrame> => {
    this.asked.push(m.id);
    return this.marking(m) ?? Promise.resolve(this.stand(m));
  };
  stand(m: MarkAdd): OkFrame {
    this.laid.set(m.id, `${m.room} ${m.message} ${m.image}`);
    return { type: "ok", ref: 1, seq: 1, mark: m.id } as OkFrame;
  }
  commit(m: MessagePost): OkFrame {
    const at = this.log.findIndex((x) => x.id === m.id);
    if (at < 0) this.log.push({ room: m.room, id: m.id, body: m.body });
    return { type: "ok", ref: 1, seq: (at < 0 ? this.log.length : at + 1), message: m.id } as OkFrame;
  }
}

const shelfOf = async (person: string): Promise<Shelf> => new Shelf(await openDatabase(person, factory), await sealOf(person));

interface Tab { outbox: Outbox; acked: string[]; timers: (() => void)[] }
async function tab(server: Server, person = "ana", post = server.post): Promise<Tab> {
  const acked: string[] = [], timers: (() => void)[] = [];
  const outbox = new Outbox({
    person, rows: new UnsentRows(await openDatabase(person, factory), await sealOf(person)), post, changed: () => {}, acked: (entry) => acked.push(entry.id),
    channel: channels.make(`outbox-${person}`), locks, timer: (run) => timers.push(run),
  });
  await outbox.load();
  return { outbox, acked, timers };
}

describe("marks that were drawn before their message was sent", () => {
  const drawn = { kind: "number", at: { x: 0.5, y: 0.5 }, n: 1 } as const;
  const picture = { room: "R", body: "one", images: ["i"], marks: ["m1", "m2"].map((id) => ({ id, image: "i", drawn })) };

  test("are laid by the next tab where the first one closed before the message left, and lie sealed until then", async () => {
    const server = new Server(), id = await (await tab(server)).outbox.add(picture);
    expect(await raw(factory, databaseName("ana"))).not.toContain("number");
    const second = await tab(server);
    second.outbox.connected();
    await settle();
    expect([...server.laid]).toEqual([["m1", `R ${id} i`], ["m2", `R ${id} i`]]);
    expect([second.outbox.unsent, second.acked, (await tab(server)).outbox.unsent]).toEqual([0, [id], 0]);
  });

  test("are laid where the tab closed between the message and them: the message stands once, and so does each mark", async () => {
    const server = new Server(), first = await tab(server), id = await first.outbox.add(picture);
    server.marking = (m) => (m.id === "m2" ? new Promise(() => {}) : null);
    first.outbox.connected();
    await settle();
    expect([server.log.length, [...server.laid.keys()]]).toEqual([1, ["m1"]]);
    locks = new LockManager(); // crashed: the browser frees the lock
    server.marking = () => null;
    const second = await tab(server);
    second.outbox.connected();
    await settle();
    expect([server.received, server.log.length, [...server.laid.keys()]]).toEqual([[id, id], 1, ["m1", "m2"]]);
    expect(second.outbox.unsent).toBe(0);
  });

  test("wait where the server is busy, and are not asked for again once they stand", async () => {
    const server = new Server(), { outbox, timers } = await tab(server);
    let busy = true;
    server.marking = (m) => (busy && m.id === "m2" ? Promise.reject(new Refusal({ code: "rate.posts", temporary: true, retry_after_ms: 60 })) : null);
    await outbox.add(picture);
    outbox.connected();
    await settle();
    expect([outbox.entries.map((e) => [e.state, e.code]), [...server.laid.keys()]]).toEqual([[["queued", "rate.posts"]], ["m1"]]);
    busy = false;
    await new Promise((resolve) => setTimeout(resolve, 80));
    timers.forEach((run) => run());
    await settle();
    expect([server.asked, server.log.length, outbox.unsent]).toEqual([["m1", "m2", "m2"], 1, 0]);
  });

  test("that are refused for good hold up nothing", async () => {
    const server = new Server(), { outbox } = await tab(server);
    server.marking = (m) => (m.id === "m1" ? Promise.reject(new Refusal({ code: "mark.many" })) : null);
    await outbox.add(picture);
    await outbox.add({ room: "R", body: "two" });
    outbox.connected();
    await settle();
    expect([[...server.laid.keys()], server.log.map((m) => m.body), outbox.unsent]).toEqual([["m2"], ["one", "two"], 0]);
  });
});

describe("one tab", () => {
  test("what is written offline leaves in order when the connection is back", async () => {
    const server = new Server(), { outbox, acked } = await tab(server);
    for (const body of ["one", "two", "three"]) await outbox.add({ room: "R", body });
    expect([outbox.unsent, server.received]).toEqual([3, []]);
    outbox.connected();
    await settle();
    expect(server.log.map((m) => m.body)).toEqual(["one", "two", "three"]);
    expect([outbox.unsent, acked.length]).toEqual([0, 3]);
  });

  test("it survives a reload and a crash, in order, under the same ids", async () => {
    const server = new Server(), first = await tab(server);
    server.answer = () => new Promise(() => {});
    const ids = [await first.outbox.add({ room: "R", body: "one", replyTo: "m1" }), await first.outbox.add({ room: "R", body: "two" })];
    first.outbox.connected();
    await settle();
    // Crashed while sending: nothing is closed, the browser frees the lock.
    locks = new LockManager();
    server.answer = () => null;
    const second = await tab(server);
    expect(second.outbox.entries.map((e) => [e.id, e.state, e.replyTo])).toEqual([[ids[0], "queued", "m1"], [ids[1], "queued", null]]);
    second.outbox.connected();
    await settle();
    expect(server.log.map((m) => m.id)).toEqual(ids);
  });

  test("an answer lost with the connection: the same id goes again, and stands once", async () => {
    const server = new Server(), { outbox } = await tab(server);
    server.answer = (m) => {
      server.commit(m);
      return Promise.reject(new Refusal({ code: "network.lost", temporary: true }));
    };
    const id = await outbox.add({ room: "R", body: "one" });
    outbox.connected();
    await settle();
    outbox.disconnected();
    expect(outbox.entries.map((e) => e.state)).toEqual(["queued"]);
    server.answer = () => null;
    outbox.connected();
    await settle();
    expect([server.received, server.log.length, outbox.unsent]).toEqual([[id, id], 1, 0]);
  });

  test("a permanent refusal is shown with its reason, holds up nothing, and can be tried again or given up", async () => {
    const server = new Server(), { outbox } = await tab(server);
    server.answer = (m) => (m.body === "bad" ? Promise.reject(new Refusal({ code: "room.locked", message: "Salle fermée" })) : null);
    const bad = await outbox.add({ room: "R", body: "bad" });
    await outbox.add({ room: "R", body: "good" });
    outbox.connected();
    await settle();
    expect(server.log.map((m) => m.body)).toEqual(["good"]);
    expect(outbox.entries).toMatchObject([{ id: bad, state: "failed", code: "room.locked", message: "Salle fermée" }]);
    // The reason survives a reload.
    expect((await tab(server)).outbox.entries).toMatchObject([{ id: bad, state: "failed", code: "room.locked" }]);
    server.answer = () => null;
    await outbox.retry(bad);
    await settle();
    expect([server.log.map((m) => m.body), outbox.unsent]).toEqual([["good", "bad"], 0]);
    server.answer = () => Promise.reject(new Refusal({ code: "message.too_long" }));
    const gone = await outbox.add({ room: "R", body: "x" });
    await settle();
    await outbox.discard(gone);
    expect((await tab(server)).outbox.entries).toEqual([]);
  });

  test("a temporary refusal waits for its time, keeps the order of its room and leaves other rooms alone", async () => {
    const server = new Server(), { outbox, timers } = await tab(server);
    let slow = true;
    server.answer = (m) => (slow && m.room === "R" ? Promise.reject(new Refusal({ code: "rate.posts", temporary: true, retry_after_ms: 60 })) : null);
    await outbox.add({ room: "R", body: "first" });
    await outbox.add({ room: "R", body: "second" });
    await outbox.add({ room: "S", body: "elsewhere" });
    outbox.connected();
    await settle();
    expect(server.log.map((m) => m.body)).toEqual(["elsewhere"]);
    expect(outbox.entries.map((e) => [e.body, e.state, e.code])).toEqual([["first", "queued", "rate.posts"], ["second", "queued", "rate.posts"]]);
    slow = false;
    await new Promise((resolve) => setTimeout(resolve, 80));
    timers.forEach((run) => run());
    await settle();
    expect(server.log.map((m) => m.body)).toEqual(["elsewhere", "first", "second"]);
  });

  test("a disk that refuses keeps nobody from writing: it is in sight, and leaves from memory", async () => {
    const server = new Server(), { outbox } = await tab(server);
    const { db } = (outbox as unknown as { o: { rows: { db: IDBDatabase } } }).o.rows;
    const real = db.transaction.bind(db);
    db.transaction = ((store: string, mode?: IDBTransactionMode) => {
      if (mode === "readwrite") throw new DOMException("full", "QuotaExceededError");
      return real(store, mode);
    }) as IDBDatabase["transaction"];
    const { stored } = outbox.put({ room: "R", body: "in memory" });
    expect(outbox.entries.map((e) => e.body)).toEqual(["in memory"]);
    await stored;
    expect(outbox.unsent).toBe(1);
    outbox.connected();
    await settle();
    expect([server.log.map((m) => m.body), outbox.unsent]).toEqual([["in memory"], 0]);
  });

  test("several written in one breath leave in that order", async () => {
    const server = new Server(), { outbox } = await tab(server);
    outbox.connected();
    await settle();
    for (let i = 0; i < 20; i++) outbox.put({ room: "R", body: `${i}` });
    expect(outbox.entries).toHaveLength(20);
    await settle(40);
    expect(server.log.map((m) => m.body)).toEqual([...Array(20).keys()].map(String));
    expect([server.received.length, outbox.unsent]).toEqual([20, 0]);
  });
});

describe("several tabs", () => {
  test("one sends, what the other writes is handed over, and both know what left", async () => {
    const server = new Server(), a = await tab(server), b = await tab(server);
    a.outbox.connected();
    b.outbox.connected();
    await settle();
    await b.outbox.add({ room: "R", body: "from b" });
    await a.outbox.add({ room: "R", body: "from a" });
    await settle();
    expect(server.log.map((m) => m.body)).toEqual(["from b", "from a"]);
    expect(server.received).toHaveLength(2);
    expect([a.outbox.unsent, b.outbox.unsent]).toEqual([0, 0]);
    // What left before the other tab had it in sight is no news there.
    expect(b.acked).toContain(server.log[0]!.id);
  });

  test("a tab without a connection hands the sending to one that has it", async () => {
    const server = new Server(), a = await tab(server), b = await tab(server);
    a.outbox.connected();
    await settle();
    a.outbox.disconnected();
    await a.outbox.add({ room: "R", body: "written offline" });
    await settle();
    expect(server.log).toEqual([]);
    b.outbox.connected();
    await settle();
    expect([server.log.map((m) => m.body), a.outbox.unsent]).toEqual([["written offline"], 0]);
  });

  test("whatever connects, breaks, writes and answers when: each once, each room in its order", async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = chance(seed), server = new Server();
      factory = new IDBFactory();
      channels = new Channels();
      locks = new LockManager();
      server.answer = (m) => {
        const dice = random();
        if (dice < 0.15) return Promise.reject(new Refusal({ code: "network.lost", temporary: true }));
        if (dice < 0.3) {
          server.commit(m);
          return Promise.reject(new Refusal({ code: "network.lost", temporary: true }));
        }
        return null;
      };
      const tabs = [await tab(server), await tab(server)];
      const written: Record<string, string[]> = { R: [], S: [] };
      for (let step = 0; step < 40; step++) {
        const { outbox } = tabs[random() < 0.5 ? 0 : 1]!;
        const dice = random(), room = random() < 0.5 ? "R" : "S";
        if (dice < 0.4) written[room]!.push(await outbox.add({ room, body: `${step}` }));
        else if (dice < 0.7) outbox.connected();
        else if (dice < 0.9) outbox.disconnected();
        if (random() < 0.5) await settle(3);
      }
      server.answer = () => null;
      for (const { outbox } of tabs) {
        outbox.disconnected();
        await settle();
        outbox.connected();
        await settle();
      }
      for (const room of ["R", "S"]) expect(server.log.filter((m) => m.room === room).map((m) => m.id), `seed ${seed}, room ${room}`).toEqual(written[room]);
      expect(tabs.map((t) => t.outbox.unsent), `seed ${seed}`).toEqual([0, 0]);
    }
  }, 60_000);
});

describe("several persons at one browser", () => {
  test("another person neither sees, counts nor sends what waits, and finds their own again", async () => {
    const server = new Server(), ana = await tab(server, "ana");
    await ana.outbox.add({ room: "R", body: "of ana" });
    await new Drafts(await shelfOf("ana")).get("R");
    ana.outbox.close();
    const ben = await tab(server, "ben");
    ben.outbox.connected();
    await settle();
    expect([ben.outbox.unsent, server.log]).toEqual([0, []]);
    await ben.outbox.add({ room: "R", body: "of ben" });
    await settle();
    expect(server.log.map((m) => m.body)).toEqual(["of ben"]);
    ben.outbox.close();
    const again = await tab(server, "ana");
    expect(again.outbox.entries.map((e) => e.body)).toEqual(["of ana"]);
    await wipe(await openDatabase("ana", factory), ["outbox"]);
    expect((await tab(server, "ana")).outbox.unsent).toBe(0);
  });

  test("drafts belong to a person and a room, and survive a reload", async () => {
    const drafts = new Drafts(await shelfOf("ana"));
    drafts.save("R", { body: "half a sen", replyTo: null, mentions: [] });
    drafts.save("R", { body: "half a sentence", replyTo: "m1", mentions: [] });
    expect((await drafts.get("R")).body).toBe("half a sentence");
    await drafts.flush();
    expect(await new Drafts(await shelfOf("ana")).get("R")).toEqual({ body: "half a sentence", replyTo: "m1", mentions: [] });
    expect((await new Drafts(await shelfOf("ben")).get("R")).body).toBe("");
    expect((await drafts.get("S")).body).toBe("");
  });

  test("what lies on the disk can be read with the key alone, and not with another's", async () => {
    const server = new Server(), ana = await tab(server, "ana"), shelf = await shelfOf("ana");
    await ana.outbox.add({ room: "room-of-ana", body: "words of ana", mentions: [] });
    await shelf.write("drafts", "room-of-ana", { body: "draft of ana" });
    await shelf.write("cache", "page:room-of-ana", { items: ["page of ana"] });
    expect(await raw(factory, databaseName("ana"))).not.toMatch(/of.ana|room/);
    const other = new Shelf(await openDatabase("ana", factory), await sealOf("ben"));
    expect([await other.read("drafts", "room-of-ana"), await new UnsentRows(other.db, other.seal).all()]).toEqual([undefined, []]);
    expect(await shelf.read("cache", "page:room-of-ana")).toEqual({ items: ["page of ana"] });
    // A value that was moved to another place is not taken for what belongs there.
    const name = await shelf.seal.name("cache:rooms"), tx = shelf.db.transaction("cache", "readwrite"), store = tx.objectStore("cache");
    const page = await new Promise((resolve) => { const got = store.getAll(); got.onsuccess = () => resolve(got.result[0]); });
    store.put(page, name);
    await new Promise((resolve) => (tx.oncomplete = resolve));
    expect(await shelf.read("cache", "rooms")).toBeUndefined();
  });

  test("what an earlier version left readable is sealed, or goes; nothing unsent is lost", async () => {
    const old = factory.open(databaseName("ana"), 1);
    const mentions = [{ person: "p", at: 0, length: 2 }];
    await new Promise<void>((resolve) => {
      old.onupgradeneeded = () => {
        old.result.createObjectStore("outbox", { keyPath: "order", autoIncrement: true }).createIndex("id", "id", { unique: true });
        old.result.createObjectStore("drafts");
        old.result.createObjectStore("cache");
      };
      old.onsuccess = () => {
        const tx = old.result.transaction(["outbox", "drafts", "cache"], "readwrite");
        for (const [id, body] of [["i1", "old one"], ["i2", "old two"]]) {
          tx.objectStore("outbox").add({ id, person: "ana", room: "R", body, replyTo: "m", mentions, at: "2026-11-23T16:00:00Z", failed: id === "i2" ? { code: "room.locked", message: "x" } : null });
        }
        tx.objectStore("drafts").put({ body: "old draft", replyTo: null, mentions: [] }, "R");
        tx.objectStore("cache").put(["old list"], "rooms");
        tx.oncomplete = () => { old.result.close(); resolve(); };
      };
    });
    const server = new Server(), { outbox } = await tab(server, "ana"), shelf = await shelfOf("ana");
    await shelf.adopt();
    expect(outbox.entries.map((e) => [e.id, e.body, e.replyTo, e.mentions, e.state])).toEqual([["i1", "old one", "m", mentions, "queued"], ["i2", "old two", "m", mentions, "failed"]]);
    expect((await new Drafts(shelf).get("R")).body).toBe("old draft");
    expect(await raw(factory, databaseName("ana"))).not.toContain("old");
    expect((await tab(server, "ana")).outbox.entries.map((e) => e.body)).toEqual(["old one", "old two"]);
  });

  test("what waits without a connection is left to whoever can send it later", async () => {
    const server = new Server();
    let asked = 0;
    const outbox = new Outbox({
      person: "ana", rows: new UnsentRows(await openDatabase("ana", factory), await sealOf("ana")), post: server.post, changed: () => {}, acked: () => {}, locks, later: () => asked++,
    });
    await outbox.add({ room: "R", body: "one" });
    expect(asked).toBe(1);
    outbox.connected();
    await settle();
    await outbox.add({ room: "R", body: "two" });
    await settle();
    outbox.disconnected();
    expect([asked, outbox.unsent]).toEqual([1, 0]);
  });
});
