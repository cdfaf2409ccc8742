/** The console left open: it reads the queue once, is told the rest, asks seldom when nobody looks, and holds a bounded lot. */
import { signal } from "@preact/signals";
import { describe, expect, test } from "vitest";
import type { EventFrame } from "../src/protocol";
import { Refusal } from "../src/api";
import { Console } from "../src/moderation/console";
import type { Item, QueuePage } from "../src/moderation/door";
import { MOST } from "../src/moderation/queue";
import { FakeWorld } from "./wire";

const at = (n: number): string => new Date(Date.UTC(2026, 10, 23) + n * 1000).toISOString();
const item = (n: number, more: Partial<Item> = {}): Item => ({
  item: `i${n}`, kind: "report", title: { fr: "Signalement", en: "Report" }, urgency: 1, at: at(n), room: `r${n % 9}`, room_title: null, categories: ["other"], count: 1, excerpt: null, person: null, claimed_by: null,
  claimed_until: null, state: "open", room_kind: "group", message: null, image: null, withheld: null, decision: null, ...more,
});

class Server {
  items: Item[] = [];
  asked: { next?: string | null; items?: string[] }[] = [];
  watched: string[][] = [];
  down = false;
  seq = 0;
  hear: { events(events: EventFrame[]): void; again(): void } | null = null;
  stopped = 0;
  hidden = false;
  urgent: string[] = [];
  /** Another hears the room already, so that listening is no entry. */
  heardAlready = false;
  /** Holds answers back, as they were when asked for, until it is let go. */
  slow: (() => void)[] | null = null;
  slowWatch: (() => void)[] | null = null;
  readonly world = new FakeWorld();
  readonly chosen = signal<string[]>([]);
  readonly console = new Console({
    queue: async (of) => {
      const answer = this.answer(of);
      if (this.slow) await new Promise<void>((go) => this.slow!.push(go));
      return answer;
    },
    watch: async (rooms) => {
      this.watched.push(rooms);
      if (this.down) throw new Refusal({ code: "network.unreachable", temporary: true });
      if (this.slowWatch) await new Promise<void>((go) => this.slowWatch!.push(go));
      return { rooms: rooms.map((room) => ({ room, present: 1, posts: [], flags: 0, slow_mode: 0, locked: false, moderators: [] })) };
    },
    listen: (_room, hear) => {
      this.hear = hear;
      if (!this.heardAlready) hear.again();
      return () => void this.stopped++;
    },
    after: this.world.after, hidden: () => this.hidden, others: () => [], chosen: this.chosen, urgent: (one) => void this.urgent.push(one.item),
  });

  private answer(of: { next?: string | null; items?: string[] }): QueuePage {
    this.asked.push(of);
    if (this.down) throw new Refusal({ code: "network.unreachable", temporary: true });
    if (of.items) return { items: this.items.filter((one) => of.items!.includes(one.item)), room: "console", next: null, claim_s: 90 };
    const from = Number(of.next ?? 0), to = from + 100;
    return { items: this.items.slice(from, to), room: "console", next: to < this.items.length ? String(to) : null, claim_s: 90 };
  }
  /** The answers that were held back arrive. */
  async arrive(): Promise<void> {
    for (const go of this.slow!.splice(0)) go();
    await this.world.pass(0);
  }
  tell(kind: string, id: string): void {
    this.hear!.events([{ type: "event", room: "console", epoch: "e", seq: ++this.seq, kind, at: at(0), actor: null, data: { item: id } } as unknown as EventFrame]);
  }
}

async function opened(n = 0): Promise<Server> {
  const server = new Server();
  server.items = Array.from({ length: n }, (_, i) => item(i));
  server.console.start();
  for (let i = 0; i < 40; i++) await Promise.resolve();
  return server;
}
const held = (server: Server) => server.console.queue.value.items.length;

describe("the queue", () => {
  test("is read page after page, once", async () => {
    const server = await opened(500);
    // The first page twice: nobody heard what was told between it and the listening.
    expect([held(server), server.asked.length, server.console.loaded.value]).toEqual([500, 6, true]);
  });
  test("what comes in is asked for together, and said when it is urgent", async () => {
    const server = await opened(2);
    server.items.push(item(10, { urgency: 3 }), item(11));
    server.tell("item.opened", "i10");
    server.tell("item.opened", "i11");
    server.tell("item.opened", "gone-already");
    await server.world.pass(400);
    expect(server.asked.slice(2)).toEqual([{ items: ["i10", "i11", "gone-already"] }]);
    expect(server.console.queue.value.items.map((one) => one.item)).toEqual(["i10", "i0", "i1", "i11"]);
    expect(server.urgent).toEqual(["i10"]);
    server.tell("item.opened", "i10");
    await server.world.pass(400);
    expect(server.urgent).toEqual(["i10"]);
  });
  test("what grows graver moves up, and is said once it is urgent", async () => {
    const server = await opened(3);
    server.items[2] = item(2, { urgency: 2 });
    server.tell("item.opened", "i2");
    await server.world.pass(400);
    expect(server.console.queue.value.items.map((one) => one.item)).toEqual(["i2", "i0", "i1"]);
    expect(server.urgent).toEqual(["i2"]);
    server.items[2] = item(2, { urgency: 3 });
    server.tell("item.opened", "i2");
    await server.world.pass(400);
    expect(server.urgent).toEqual(["i2"]);
  });
  test("a claim that is told lasts as long as the server says", async () => {
    const server = await opened(1);
    server.tell("item.claimed", "i0");
    expect(server.console.queue.value.items[0]!.claimed_until).toBe(new Date(Date.parse(at(0)) + 90_000).toISOString());
  });
  test("after a gap in what was told the whole is read again", async () => {
    const server = await opened(3);
    server.items.splice(0, 1);
    server.hear!.again();
    await server.world.pass(10);
    expect(held(server)).toBe(2);
  });
  test("a storm of flags is asked for fifty at a time", async () => {
    const server = await opened(0);
    server.items = Array.from({ length: 120 }, (_, i) => item(i));
    for (const one of server.items) server.tell("item.opened", one.item);
    await server.world.pass(5000);
    expect(held(server)).toBe(120);
    expect(server.asked.slice(2).map((one) => one.items?.length)).toEqual([50, 50, 20]);
  });
  test("a server that does not answer is asked again, and nothing is lost", async () => {
    const server = new Server();
    server.items = [item(1)];
    server.down = true;
    server.console.start();
    await server.world.pass(4000);
    expect([server.console.loaded.value, server.console.error.value instanceof Refusal]).toEqual([false, true]);
    server.down = false;
    await server.world.pass(6000);
    expect([held(server), server.console.error.value]).toEqual([1, null]);
    server.down = true;
    server.items.push(item(2));
    server.tell("item.opened", "i2");
    await server.world.pass(1000);
    server.down = false;
    await server.world.pass(20_000);
    expect(held(server)).toBe(2);
  });
});

describe("what is told while an answer is on its way", () => {
  const ids = (server: Server) => server.console.queue.value.items.map((one) => one.item);
  test("between the first page and the listening is in the queue, where the room was heard already too", async () => {
    const server = new Server();
    server.heardAlready = true;
    server.items = [item(1), item(2)];
    server.slow = [];
    server.console.start();
    server.items = [item(2), item(3)];
    await server.arrive();
    await server.arrive();
    expect(ids(server)).toEqual(["i2", "i3"]);
  });
  test("opened while the whole is read is not dropped by it, and said once", async () => {
    const server = await opened(2);
    server.slow = [];
    void server.console.load();
    server.items.push(item(3, { urgency: 3 }));
    server.tell("item.opened", "i3");
    await server.world.pass(400);
    server.slow.reverse();
    await server.arrive();
    server.slow = null;
    await server.world.pass(400);
    expect([ids(server), server.urgent]).toEqual([["i3", "i0", "i1"], ["i3"]]);
  });
  test("decided while the whole is read does not come back with it; nor does a claim get lost", async () => {
    const server = await opened(2);
    server.slow = [];
    void server.console.load();
    server.items.shift();
    server.tell("item.decided", "i0");
    server.tell("item.claimed", "i1");
    await server.arrive();
    expect(ids(server)).toEqual(["i1"]);
    expect(server.console.queue.value.items[0]!.claimed_until).not.toBe(null);
  });
  test("decided while some are asked for does not come back with them", async () => {
    const server = await opened(1);
    server.items.push(item(2, { urgency: 3 }), item(3));
    server.tell("item.opened", "i2");
    server.tell("item.opened", "i3");
    server.slow = [];
    await server.world.pass(400);
    server.items.splice(1, 1);
    server.tell("item.decided", "i2");
    server.tell("item.claimed", "i3");
    await server.arrive();
    expect([ids(server), server.urgent]).toEqual([["i0", "i3"], []]);
    server.console.take([item(2)]);
    expect(ids(server)).toEqual(["i0", "i3"]);
  });
  test("an older look at the rooms does not replace a newer one", async () => {
    const server = await opened(1);
    const slow: (() => void)[] = (server.slowWatch = []);
    server.console.look();
    server.chosen.value = ["chosen"];
    server.console.look();
    for (const go of slow.reverse()) { go(); await server.world.pass(0); }
    expect(server.console.watched.value.map((one) => one.room)).toEqual(["chosen", "r0"]);
  });
});

describe("left open", () => {
  test("rooms are looked at each ten seconds, seldom when hidden, at once when seen again", async () => {
    const server = await opened(3);
    await server.world.pass(60_000);
    expect(server.watched.length).toBe(7);
    server.hidden = true;
    await server.world.pass(10_000);
    const before = server.watched.length;
    await server.world.pass(600_000);
    expect(server.watched.length - before).toBe(5);
    server.hidden = false;
    // Twice in a breath: still one round after the other.
    server.console.look();
    server.console.look();
    await server.world.pass(10);
    expect(server.watched.length - before).toBe(7);
    await server.world.pass(10_000);
    expect(server.watched.length - before).toBe(8);
  });
  test("a server in trouble is asked less and less", async () => {
    const server = await opened(1);
    server.down = true;
    const before = server.watched.length;
    await server.world.pass(600_000);
    expect(server.watched.length - before).toBeLessThan(10);
    server.down = false;
    await server.world.pass(130_000);
    expect(server.console.watched.value.length).toBe(1);
  });
  test("a day of coming and going leaves nothing behind", { timeout: 60_000 }, async () => {
    const server = await opened(20);
    for (let n = 100; n < 2100; n++) {
      server.items.push(item(n));
      server.tell("item.opened", `i${n}`);
      if (n % 50 === 0) await server.world.pass(400);
      server.tell("item.claimed", `i${n}`);
    }
    await server.world.pass(60_000);
    expect(held(server)).toBe(MOST);
    for (const one of [...server.items]) server.tell("item.decided", one.item);
    server.items = [];
    await server.world.pass(60_000);
    expect([held(server), server.console.queue.value.at]).toEqual([0, null]);
  });
  test("closed, it asks and hears no more", async () => {
    const server = await opened(3);
    server.console.close();
    const before = [server.asked.length, server.watched.length];
    await server.world.pass(300_000);
    expect([server.asked.length, server.watched.length, server.stopped]).toEqual([...before, 1]);
  });
});
