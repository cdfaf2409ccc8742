import { describe, expect, it, test } from "vitest";
import { groupOf, nextSteps, proposal, ticks, voters } from "../src/cases/counting";
import { Reading } from "../src/cases/reading";
import type { Answer, Counted, Differential, Sheet } from "../src/cases/sheet";
import { Refusal } from "../src/refusal";
import type { PersonCard, Specialties } from "../src/types";

const person = (id: string, group: string | null = null): PersonCard => ({ id, name: id, profession: "10", specialty: null, level: null, as: null, group });
const counted = (...people: PersonCard[]): Counted => ({ count: people.length, people });
const answer = (message: string, agree: Counted, more: Partial<Answer> = {}): Answer => ({
  message, seq: 5, version: 5, actor: person("nadia"), withheld: null, doubt: null, votes: { agree, disagree: counted(), former: 0, mine: null }, references: [], amended: null, ...more,
});
const differential = (id: string, backers: Counted, more: Partial<Differential> = {}): Differential => ({ differential: id, label: id, withheld: null, by: person("nadia"), at: "", backers, mine: false, ...more });
const sheet = (seq: number, more: Partial<Sheet> = {}): Sheet => ({
  room: "r", as_of: { epoch: "e", seq }, title: "", question: { message: "q", body: "?" }, template: null, consent: null, asker: person("camille"), specialty: "SM15", urgency: "week",
  status: "answered", status_at: null, status_by: null, opened_at: "", audience: { groups: [], people: 1, everyone: false },
  figures: { answers: 1, answered_by: 1, first_answer_at: null, first_answer_s: null, consensus_at: null, consensus_s: null }, accepted: null, answers: [], differentials: [],
  consensus: { rule: { agree: 3, disagree: 0 }, proposed: [], declared: null }, outcomes: [], following: true, withheld: null, ...more,
});

describe("people, counted", () => {
  const all: Specialties = { groups: [{ code: "DER", name: { fr: "Dermatologie", en: "Dermatology" }, specialties: [{ code: "SM15", label: "Dermatologie" }] }], professions: [] };
  it("fills a tick for each of the case's own specialty, first", () => {
    expect(groupOf("SM15", all)).toBe("DER");
    expect(groupOf("SM99", all)).toBeNull();
    expect(ticks(counted(person("a", "MG"), person("b", "DER"), person("c", "DER")), "DER")).toEqual([true, true, false]);
    // Nobody is of no group; and beyond the names there are only people.
    expect(ticks(counted(person("a", null)), null)).toEqual([false]);
    expect(ticks({ count: 3, people: [person("a", "DER")] }, "DER")).toEqual([true, false, false]);
  });
  it("counts who backs several diagnoses once", () => {
    expect(voters([differential("d1", counted(person("a"), person("b"))), differential("d2", counted(person("b"), person("c")))])).toBe(3);
  });
});

describe("a consensus", () => {
  const three = counted(person("a"), person("b"), person("c"));
  const proposed = [{ message: null, differential: "d", at: "2" }, { message: "m", differential: null, at: "1" }];
  it("is proposed as long as it still has something to rest on, the newest first", () => {
    const both = sheet(9, { answers: [answer("m", three)], differentials: [differential("d", three)], consensus: { rule: { agree: 3, disagree: 0 }, proposed, declared: null } });
    expect(proposal(both)?.differential).toBe("d");
    expect(proposal({ ...both, differentials: [] })?.message).toBe("m");
    // The words changed, and the votes with them.
    expect(proposal({ ...both, differentials: [], answers: [answer("m", counted())] })).toBeNull();
    expect(proposal({ ...both, status: "consensus" })).toBeNull();
  });
  test("what the asker may do next", () => {
    expect(nextSteps(sheet(1))).toEqual(["consensus", "closed"]);
    expect(nextSteps(sheet(1, { status: "open", figures: { ...sheet(1).figures, answers: 0 } }))).toEqual(["closed"]);
    expect(nextSteps(sheet(1, { status: "consensus" }))).toEqual(["closed", "reopened"]);
    expect(nextSteps(sheet(1, { status: "closed" }))).toEqual(["reopened"]);
    expect(nextSteps(sheet(1, { status: "closed", withheld: "withdrawn" }))).toEqual([]);
  });
});

/** A server whose answers come when the test says so, and a clock that it moves. */
function reader() {
  const asked: { resolve(got: Sheet): void; reject(why: unknown): void }[] = [];
  let timers: { at: number; run: () => void }[] = [];
  let now = 0;
  const reading = new Reading({
    read: () => new Promise((resolve, reject) => asked.push({ resolve, reject })), random: () => 0.5,
    after: (ms, run) => {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => (timers = timers.filter((one) => one !== timer));
    },
  });
  reading.open();
  const pass = async (ms: number) => {
    now += ms;
    const due = timers.filter((one) => one.at <= now);
    timers = timers.filter((one) => one.at > now);
    for (const one of due) one.run();
    for (let n = 0; n < 5; n++) await Promise.resolve();
  };
  return { reading, asked, pass, waiting: () => timers.length };
}

describe("the sheet is read again", () => {
  it("once for a burst of events, and not for what it has already", async () => {
    const { reading, asked, pass } = reader();
    reading.heard(4);
    await pass(0);
    asked[0]!.resolve(sheet(4));
    await pass(0);
    expect(reading.sheet.value?.as_of.seq).toBe(4);
    for (const seq of [5, 6, 7]) reading.heard(seq);
    await pass(100);
    expect(asked.length).toBe(1);
    await pass(400);
    expect(asked.length).toBe(2);
    reading.heard(8); // while it is on its way
    asked[1]!.resolve(sheet(8));
    await pass(5000);
    expect(asked.length).toBe(2);
    reading.heard(8);
    await pass(5000);
    expect(asked.length).toBe(2);
  });
  it("until it is as new as what happened, ever more slowly", async () => {
    const { reading, asked, pass } = reader();
    reading.heard(9);
    await pass(0);
    asked[0]!.resolve(sheet(7)); // a replica that is behind
    await pass(0);
    expect(reading.sheet.value?.as_of.seq).toBe(7);
    await pass(300);
    asked[1]!.resolve(sheet(8));
    await pass(0);
    await pass(300);
    expect(asked.length).toBe(2);
    await pass(300);
    asked[2]!.resolve(sheet(9));
    await pass(10_000);
    expect(asked.length).toBe(3);
  });
  it("never back to an older one of the same log; a log of another life takes its place", async () => {
    const { reading, asked, pass } = reader();
    reading.heard(9);
    await pass(0);
    asked[0]!.resolve(sheet(9));
    await pass(0);
    reading.again();
    await pass(0);
    asked[1]!.resolve(sheet(6, { title: "old" }));
    await pass(0);
    expect(reading.sheet.value?.title).toBe("");
    reading.heard(2);
    await pass(500);
    asked[2]!.resolve(sheet(2, { as_of: { epoch: "other", seq: 2 }, title: "restored" }));
    await pass(0);
    expect(reading.sheet.value?.title).toBe("restored");
  });
  it("keeps what it has where it cannot be read, and tries again only where that may help", async () => {
    const { reading, asked, pass, waiting } = reader();
    reading.heard(4);
    await pass(0);
    asked[0]!.resolve(sheet(4));
    await pass(0);
    reading.heard(5);
    await pass(500);
    asked[1]!.reject(new Refusal({ code: "network.unreachable", temporary: true }));
    await pass(0);
    expect(reading.sheet.value?.as_of.seq).toBe(4);
    expect(reading.error.value).toBeInstanceOf(Refusal);
    await pass(5000);
    asked[2]!.resolve(sheet(5));
    await pass(0);
    expect(reading.error.value).toBeNull();
    reading.heard(6);
    await pass(500);
    asked[3]!.reject(new Refusal({ code: "room.removed" }, 403));
    await pass(0);
    expect(waiting()).toBe(0);
  });
  it("no more once it is closed", async () => {
    const { reading, asked, pass } = reader();
    reading.heard(4);
    reading.close();
    await pass(1000);
    expect(asked.length).toBe(0);
  });
});
