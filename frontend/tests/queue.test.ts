/** The queue of the console: by risk and age, standing still under one's feet, who has what, and which rooms are watched. */
import { describe, expect, test } from "vitest";
import type { EventFrame } from "../src/protocol";
import type { Item } from "../src/moderation/door";
import { EMPTY, merge, MOST, move, remove, replace, taken, told, watching } from "../src/moderation/queue";

const actor = (id: string) => ({ id, name: `Dr ${id}`, profession: null, specialty: null, level: null, as: "moderator" as const });
const at = (minute: number): string => new Date(Date.UTC(2026, 10, 23, 10, minute)).toISOString();
const item = (id: string, urgency: Item["urgency"], minute: number, more: Partial<Item> = {}): Item => ({
  item: id, kind: "report", title: { fr: "Signalement", en: "Report" }, urgency, at: at(minute), room: `room-${id}`, room_title: null, categories: ["other"], count: 1, excerpt: null, person: null, claimed_by: null,
  claimed_until: null, state: "open", room_kind: "group", message: null, image: null, withheld: null, decision: null, ...more,
});
const event = (kind: string, id: string, who = "sacha"): EventFrame =>
  ({ type: "event", room: "console", epoch: "e", seq: 1, kind, at: at(30), actor: actor(who), data: { item: id } }) as unknown as EventFrame;
const ids = (queue: { items: readonly Item[] }) => queue.items.map((one) => one.item);

describe("order", () => {
  test("the most urgent first, then the oldest; decided ones are not in it", () => {
    const queue = replace(EMPTY, [item("new", 1, 20), item("old", 1, 5), item("risk", 3, 25), item("done", 3, 1, { state: "decided" })]);
    expect(ids(queue)).toEqual(["risk", "old", "new"]);
    expect(queue.at).toBe("risk");
  });
  test("one stays on the item one stands on, whatever comes before it", () => {
    let queue = move(replace(EMPTY, [item("a", 1, 1), item("b", 1, 2)]), 1);
    queue = merge(queue, [item("risk", 3, 3)]);
    expect([ids(queue), queue.at]).toEqual([["risk", "a", "b"], "b"]);
    queue = replace(queue, [item("b", 1, 2), item("c", 2, 9)]);
    expect([ids(queue), queue.at]).toEqual([["c", "b"], "b"]);
  });
  test("where it goes, one stands on what took its place, at last on nothing", () => {
    let queue = move(replace(EMPTY, [item("a", 1, 1), item("b", 1, 2), item("c", 1, 3)]), 1);
    queue = remove(queue, "b");
    expect(queue.at).toBe("c");
    queue = remove(remove(queue, "c"), "a");
    expect([queue.items.length, queue.at]).toEqual([0, null]);
    expect(move(queue, 1)).toBe(queue);
  });
  test("moving ends at the ends", () => {
    const queue = replace(EMPTY, [item("a", 1, 1), item("b", 1, 2), item("c", 1, 3)]);
    expect([move(queue, -1).at, move(queue, 99).at, move(move(queue, 99), -1e6).at]).toEqual(["a", "c", "a"]);
  });
  test("is bounded, and keeps the most urgent", () => {
    const many = Array.from({ length: MOST + 50 }, (_, n) => item(`i${n}`, n < MOST ? 0 : 3, n));
    const queue = replace(EMPTY, many);
    expect(queue.items.length).toBe(MOST);
    expect(queue.items.slice(0, 50).every((one) => one.urgency === 3)).toBe(true);
  });
});

describe("what the console's room tells", () => {
  const queue = replace(EMPTY, [item("a", 1, 1), item("b", 1, 2)]);
  test("what was opened is asked for", () => {
    expect(told(queue, event("item.opened", "z"), 600)).toEqual({ queue, ask: ["z"] });
  });
  test("claimed for a time, then free again", () => {
    const mine = told(queue, event("item.claimed", "a"), 600).queue.items[0]!;
    expect([mine.claimed_by?.id, mine.claimed_until]).toEqual(["sacha", at(40)]);
    expect(taken(mine, "idris", Date.parse(at(39)))?.id).toBe("sacha");
    expect(taken(mine, "sacha", Date.parse(at(39)))).toBeNull();
    expect(taken(mine, "idris", Date.parse(at(41)))).toBeNull();
    expect(told(told(queue, event("item.claimed", "a"), 600).queue, event("item.released", "a"), 600).queue.items[0]!.claimed_by).toBeNull();
  });
  test("decided: gone for all", () => {
    expect(ids(told(queue, event("item.decided", "a"), 600).queue)).toEqual(["b"]);
  });
  test("what it does not know changes nothing", () => {
    for (const one of [event("item.opened", undefined as unknown as string), event("item.turned", "a"), event("member.joined", "a"), event("item.claimed", "nobody's")]) {
      expect(told(queue, one, 600).queue).toBe(queue);
    }
  });
});

test("the rooms watched: chosen, then of the most urgent items, then others; six, each once", () => {
  const items = [item("x", 3, 1, { room: "r1" }), item("y", 2, 1, { room: "r2" }), item("z", 2, 2, { room: "r1" }), item("v", 1, 1, { room: null })];
  expect(watching(["kept", "r2"], items, ["g1", "g2", "g3", "g4"])).toEqual(["kept", "r2", "r1", "g1", "g2", "g3"]);
  expect(watching([], [], [])).toEqual([]);
});
