/** The list: derived counts that agree with the server's, read marks from anywhere, and an order that can hold still. */
import { signal } from "@preact/signals";
import { expect, test } from "vitest";
import { Reads } from "../src/reads";
import { RoomList } from "../src/roomList";
import type { RoomItem } from "../src/types";
import { RoomServer } from "./roomServer";
import { FakeWorld } from "./wire";

const item = (id: string, more: Partial<RoomItem> = {}): RoomItem => ({
  id, kind: "group", title: id, code: "DER", member: true, role: "member", muted: false, head: { epoch: "E", seq: 0 }, read_seq: 0, unread: 0, mentions: 0,
  members: 3, joinable: false, lock: null, moderator_live: false, last: null, case: null, ...more,
});
const order = (list: RoomList): string[] => list.sorted.value.map((i) => i.id);

function listOf(...items: RoomItem[]): { list: RoomList; hold: { value: boolean }; asked: string[] } {
  const hold = signal(false), asked: string[] = [];
  const list = new RoomList("me", hold, (room) => asked.push(room));
  list.replace(items);
  return { list, hold, asked };
}

test("others' messages after the mark count once, my own never, and mentions of me", () => {
  const { list } = listOf(item("R"));
  const server = new RoomServer();
  server.post("one", "b");
  server.post("mine", "me");
  server.post("for me", "b", { mentions: [{ person: "me", start: 0, length: 1 }] });
  list.apply("R", server.events);
  list.apply("R", server.events);
  expect(list.get("R")).toMatchObject({ unread: 2, mentions: 1, head: { seq: 3 }, last: { excerpt: "for me" } });
  list.read("R", 3);
  expect(list.get("R")).toMatchObject({ unread: 0, mentions: 0, read_seq: 3 });
});

test("the server's own counts stand, and a replay of what they contain adds nothing", () => {
  const { list } = listOf(item("R"));
  const server = new RoomServer();
  for (let i = 0; i < 3; i++) server.post(`${i}`, "b");
  list.entered("R", server.head, { read_seq: 1, unread: 2, mentions: 0, lock: null } as never);
  list.apply("R", server.events);
  expect(list.get("R")).toMatchObject({ unread: 2, read_seq: 1, last: { excerpt: "2" } });
});

test("a mark in the middle, and an edit of what may be the last line, ask the server", () => {
  const { list, asked } = listOf(item("R", { head: { epoch: "E", seq: 9 }, unread: 5, last: { seq: 9, at: "", actor: null, excerpt: "words", withheld: null } }));
  list.read("R", 4);
  expect(asked).toEqual(["R"]);
  list.apply("R", [{ type: "event", room: "R", epoch: "E", seq: 10, kind: "message.retracted", at: "", actor: null, data: { message: "m" } }]);
  expect([asked.length, list.get("R")?.last?.excerpt]).toEqual([2, null]);
});

test("an answer from before the server heard of a mark is asked for again once it has", () => {
  const { list, asked } = listOf(item("R", { head: { epoch: "E", seq: 9 }, unread: 5, last: { seq: 9, at: "", actor: null, excerpt: "words", withheld: null } }));
  list.read("R", 4);
  list.put(item("R", { head: { epoch: "E", seq: 9 }, unread: 5 }));
  expect([list.get("R")?.read_seq, list.get("R")?.unread]).toEqual([4, 5]);
  list.read("R", 4); // told by the server
  expect(asked).toEqual(["R", "R"]);
  list.put(item("R", { head: { epoch: "E", seq: 9 }, read_seq: 4, unread: 2 }));
  expect(list.get("R")?.unread).toBe(2);
});

test("an answer older than what the socket brought does not bring back what was withdrawn", () => {
  const asked = { status: "open", answers: 0, question: "her words" } as NonNullable<RoomItem["case"]>;
  const { list } = listOf(item("R", { kind: "case", title: "her case", case: asked }));
  list.apply("R", [{ type: "event", room: "R", epoch: "E", seq: 1, kind: "consent.withdrawn", at: "", actor: null, data: {} as never }]);
  list.put(item("R", { kind: "case", title: "her case", case: asked }));
  expect([list.get("R")?.title, list.get("R")?.case?.question]).toEqual(["", ""]);
});

test("an answer older than what the socket brought takes nothing back", () => {
  const { list } = listOf(item("R"));
  const server = new RoomServer();
  server.post("one", "b");
  list.apply("R", server.events);
  list.put(item("R", { title: "renamed" }));
  expect(list.get("R")).toMatchObject({ title: "renamed", unread: 1, head: { seq: 1 } });
});

test("mention, urgent, unread, recent; and it holds still while it is used", () => {
  const { list, hold } = listOf(
    item("recent", { last: { seq: 1, at: "2026-11-23T12:00:00.000Z", actor: null, excerpt: "", withheld: null } }), item("old"), item("unread", { unread: 1 }),
    item("urgent", { kind: "case", case: { urgency: "hour", status: "open" } as RoomItem["case"] }), item("named", { mentions: 1, unread: 1 }),
    item("muted", { unread: 9, muted: true }),
  );
  expect(order(list)).toEqual(["named", "urgent", "unread", "recent", "muted", "old"]);
  hold.value = true;
  list.read("named", 99);
  list.put(item("new", { mentions: 1 }));
  expect(order(list)).toEqual(["named", "urgent", "unread", "recent", "muted", "old", "new"]);
  hold.value = false;
  expect(order(list)[0]).toBe("new");
});

test("a room opened without being listed has an item and no place", () => {
  const { list } = listOf(item("R"));
  list.put(item("found"), false);
  expect([order(list), list.get("found")?.id]).toEqual([["R"], "found"]);
  list.replace([item("R"), item("found")]);
  expect(order(list).sort()).toEqual(["R", "found"]);
});

test("read marks: the furthest, at most one a room each 2 s, and what was read offline is said later", async () => {
  const world = new FakeWorld(), said: string[] = [];
  let up = true;
  const reads = new Reads({ mark: (room, seq) => Promise.resolve(said.push(`${room}${seq}`)), connected: () => up, now: world.now, after: world.after });
  for (const seq of [3, 4, 2, 5]) reads.mark("R", seq);
  reads.mark("S", 1);
  expect(said).toEqual(["R3", "S1"]);
  await world.pass(1900);
  expect(said).toHaveLength(2);
  await world.pass(200);
  expect(said).toEqual(["R3", "S1", "R5"]);
  up = false;
  reads.mark("S", 7);
  await world.pass(5000);
  up = true;
  reads.connected();
  expect(said.at(-1)).toBe("S7");
  await world.pass(5000);
  expect([reads.mark("S", 7), said.length]).toEqual([false, 4]);
});

test("an answer that was on its way while one read on does not take the read mark back", () => {
  const { list } = listOf(item("R", { head: { epoch: "E", seq: 40 }, unread: 40 }));
  list.read("R", 40);
  list.put(item("R", { head: { epoch: "E", seq: 40 }, read_seq: 4, unread: 36 }));
  expect(list.get("R")).toMatchObject({ read_seq: 40, unread: 0 });
  list.put(item("R", { head: { epoch: "E", seq: 42 }, read_seq: 4, unread: 38 }));
  expect(list.get("R")).toMatchObject({ read_seq: 40, unread: 38 });
  list.put(item("R", { head: { epoch: "E", seq: 42 }, read_seq: 41, unread: 1 }));
  expect(list.get("R")).toMatchObject({ read_seq: 41, unread: 1 });
});

test("rooms of which nothing tells more are in the order of their titles, accents and case aside", () => {
  const { list } = listOf(...["Zone", "Œdème", "été", "Dermatologie", "Fièvre", "Eczéma"].map((title) => item(title)));
  expect(order(list)).toEqual(["Dermatologie", "Eczéma", "été", "Fièvre", "Œdème", "Zone"]);
});
