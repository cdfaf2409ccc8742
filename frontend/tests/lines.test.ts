import { expect, test } from "vitest";
import { buildLines } from "../src/lines";
import type { EventFrame, MessageItem } from "../src/protocol";

const actor = (id: string) => ({ id, name: id, profession: null, specialty: null, level: null, as: null });
const at = (minute: number): string => `2026-11-23T10:${String(minute).padStart(2, "0")}:00.000Z`;

const post = (seq: number, who: string): { item: MessageItem } => ({
  item: {
    message: `m${seq}`, seq, post_no: seq, at: at(seq), actor: actor(who), client_id: `c${seq}`, body: "…", mentions: [], reply_to: null, images: [], form: "text",
    edited_seq: null, withheld: null, reactions: { agree: 0, useful: 0, thanks: 0, discuss: 0 }, mine: [], case: null, doubt: null,
  },
});
const joined = (seq: number, who: string): EventFrame =>
  ({ type: "event", room: "r", epoch: "e", seq, kind: "member.joined", at: at(seq), actor: actor(who), data: { person: who } });

test("who comes in has a line, unless they have spoken before", () => {
  const lines = buildLines(
    { items: [post(2, "camille"), post(3, "nadia")], notices: [joined(1, "camille"), joined(4, "nadia"), joined(5, "idris")], unsent: [], newSince: null, me: "x", find: () => undefined },
    [],
  );
  expect(lines.map((line) => line.key)).toEqual([lines[0]!.key, "n:1", "m:m2", "m:m3", "n:5"]);
  expect(lines[0]!.type).toBe("day");
});

test("how far a case is has a line when it changes, not with every answer", () => {
  const moved = (seq: number, status: "open" | "answered" | "consensus"): EventFrame =>
    ({ type: "event", room: "r", epoch: "e", seq, kind: "case.updated", at: at(seq), actor: actor("nadia"), data: { case: "r", message: "m1", status, answers: seq } });
  const notices = [moved(2, "answered"), moved(4, "answered"), moved(5, "consensus"), moved(7, "consensus"), moved(8, "answered")];
  const lines = buildLines({ items: [post(1, "camille"), post(3, "nadia"), post(6, "idris")], notices, unsent: [], newSince: null, me: "x", find: () => undefined }, []);
  expect(lines.slice(1).map((line) => line.key)).toEqual(["m:m1", "n:2", "m:m3", "n:5", "m:m6", "n:8"]);
});

test("what is quoted says that it is in doubt, from the moment it is", () => {
  const quoted: MessageItem = { ...post(1, "nadia").item, form: "answer" };
  const reply = { item: { ...post(2, "camille").item, reply_to: "m1" } };
  const of = (item: MessageItem) => ({ items: [reply], notices: [], unsent: [], newSince: null, me: "x", find: () => item });
  const before = buildLines(of(quoted), []);
  expect(before.at(-1)).toMatchObject({ reply: { doubt: null } });
  const after = buildLines(of({ ...quoted, doubt: "amended" }), before);
  expect(after.at(-1)).not.toBe(before.at(-1));
  expect(after.at(-1)).toMatchObject({ reply: { doubt: "amended" } });
});
