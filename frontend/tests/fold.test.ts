/** What events of moderation change in a room's state, and which stand as lines. */
import { describe, expect, test } from "vitest";
import { foldState, isNotice } from "../src/fold";
import { buildLines } from "../src/lines";
import type { EventData, EventFrame, EventKind, RoomState } from "../src/protocol";

const actor = (id: string, as: "moderator" | null = null) => ({ id, name: `Dr ${id}`, profession: null, specialty: null, level: null, as });
let seq = 0;
const event = <K extends EventKind>(kind: K, data: EventData[K], by: string | null = "sacha"): EventFrame =>
  ({ type: "event", room: "r", epoch: "e", seq: ++seq, kind, at: "2026-11-23T10:00:00.000Z", actor: by ? actor(by, "moderator") : null, data }) as EventFrame;
const STATE: RoomState = {
  role: "member", read_seq: 0, unread: 0, mentions: 0, pins: [], lock: null, slow_mode: 0, answers_exempt: false, expert: null, moderators: [], silenced_until: null,
  silence_reason: null, first_seq: 0, present: { count: 0, by_specialty: {}, sample: [] },
};
const after = (...events: EventFrame[]): RoomState => events.reduce((state, one) => foldState(state, one, "me"), STATE);

describe("the state of a room", () => {
  test("moderators come and go, each once", () => {
    const two = after(event("moderator.joined", { person: "sacha", reason: "hors sujet" }), event("moderator.joined", { person: "idris", reason: null }, "idris"), event("moderator.joined", { person: "sacha", reason: "encore" }));
    expect(two.moderators.map((one) => [one.id, one.as])).toEqual([["idris", "moderator"], ["sacha", "moderator"]]);
    expect(foldState(two, event("moderator.left", { person: "idris" }, "idris"), "me").moderators.map((one) => one.id)).toEqual(["sacha"]);
    // Ended by the system.
    expect(foldState(two, event("moderator.left", { person: "sacha" }, null), "me").moderators.map((one) => one.id)).toEqual(["idris"]);
  });
  test("slow mode with and without its exception", () => {
    expect(after(event("room.slowed", { seconds: 30, answers_exempt: true }))).toMatchObject({ slow_mode: 30, answers_exempt: true });
    expect(after(event("room.slowed", { seconds: 30, answers_exempt: true }), event("room.slowed", { seconds: 0 }))).toMatchObject({ slow_mode: 0, answers_exempt: false });
  });
  test("a silence is mine alone; its reason is not in the event", () => {
    const until = "2026-11-23T11:00:00.000Z";
    expect(after(event("member.silenced", { person: "other", until }))).toBe(STATE);
    const mine = foldState({ ...STATE, silence_reason: "an old one" }, event("member.silenced", { person: "me", until }), "me");
    expect(mine).toMatchObject({ silenced_until: until, silence_reason: null });
    expect(foldState(mine, event("member.silenced", { person: "me", until: null }), "me").silenced_until).toBeNull();
  });
  test("locked by whom and why, and open again", () => {
    const locked = after(event("room.locked", { reason: "la réponse est trouvée" }));
    expect(locked.lock).toMatchObject({ reason: "la réponse est trouvée", actor: { id: "sacha" } });
    expect(foldState(locked, event("room.unlocked", {}), "me").lock).toBeNull();
  });
  test("an expert is asked for, of some specialty or any", () => {
    expect(after(event("expert.asked", { specialty: "SM15" })).expert).toEqual({ specialty: "SM15" });
    expect(after(event("expert.asked", { specialty: null })).expert).toEqual({ specialty: null });
    expect(after(event("expert.asked", { specialty: null }), event("expert.unasked", {})).expert).toBeNull();
  });
});

test("what stands as a line, in the order of the log", () => {
  const lines = [
    event("moderator.joined", { person: "sacha", reason: "identifiant" }), event("member.silenced", { person: "x", until: null }), event("member.readmitted", { person: "x" }), event("room.slowed", { seconds: 30 }),
    event("thread.moved", { message: "m1", to: "g2" }), event("case.moved", { case: "r", from: "g1", to: "g2" }), event("case.merged", { case: "r", into: "r2" }), event("case.parted", { case: "r", into: "r2" }), event("expert.asked", { specialty: null }),
    event("image.mask_asked", { message: "m1", image: "i1" }), event("moderator.called", { person: null }), event("moderator.left", { person: "sacha" }),
    event("person.suspended", { person: "x", until: null }), event("person.reinstated", { person: "x" }),
    event("answer.accepted", { message: "m1", version: 1 }), event("answer.unaccepted", { message: "m1", why: "asker" }), event("answer.amended", { message: "m1", former: 1, accepted: true, doubt: "amended" }),
    event("differential.proposed", { differential: "d1" }), event("reference.added", { message: "m1", reference: "r1" }), event("differential.hidden", { differential: "d1" }),
    event("differential.restored", { differential: "d1" }), event("reference.hidden", { message: "m1", reference: "r1" }), event("reference.restored", { message: "m1", reference: "r1" }), event("consensus.proposed", { differential: "d1" }),
    event("case.unanswered", { message: "m1" }), event("case.updated", { case: "r", message: "m1", status: "consensus", answers: 1 }), event("outcome.due", { message: "m1", weeks: 1 }), event("consent.withdrawn", {}),
  ];
  const drawn = [event("message.hidden", { message: "m1" }), event("message.restored", { message: "m1" }), event("pin.added", { message: "m1" }), event("reaction.added", { message: "m1", reaction: "agree" }),
    // Votes are counted on the answer; that one which changed is accepted no more is said with the change.
    event("vote.cast", { message: "m1", vote: "agree", doubt: null }), event("differential.backed", { differential: "d1" }), event("answer.unaccepted", { message: "m1", why: "edited" }),
    event("case.updated", { case: "another", message: "m1", status: "consensus", answers: 1 }), event("outcome.told", { message: "m1", verdict: "confirmed" }),
  ];
  expect(lines.every(isNotice)).toBe(true);
  expect(drawn.some(isNotice)).toBe(false);
  const built = buildLines({ items: [], notices: lines, unsent: [], newSince: null, me: "me", find: () => undefined }, []);
  expect(built.flatMap((one) => (one.type === "notice" ? [one.event.kind] : []))).toEqual(lines.map((one) => one.kind));
});
