/** The question being written, and the address of what is found: the parts without a page. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AskDraft } from "../../src/views/ask/draft";

let kept: unknown = null;
vi.mock("../../src/store", () => ({ keptQuestion: () => kept, keepQuestion: (question: unknown) => (kept = question) }));
const { begun, fresh, keepDraft, missing, newCase, readDraft, readersOf, titleOf } = await import("../../src/views/ask/draft");
const { asked, toCases } = await import("../../src/views/find/asked");

const draft = (some: Partial<AskDraft> = {}): AskDraft => ({ ...fresh(), question: "Arrêter la gliptine ?", groups: ["der"], ...some });
const rooms = [{ id: "der", member: true }, { id: "car", member: false }, { id: "mg", member: true }];

beforeEach(() => {
  kept = null;
  vi.stubGlobal("localStorage", { getItem: () => null, removeItem: () => undefined });
});

describe("a draft", () => {
  it("is kept once something is said, whatever it is, and forgotten when nothing is", () => {
    keepDraft(fresh());
    expect(kept).toBeNull();
    for (const some of [{ feared: "Une gale" }, { age_band: "80-89" }, { told: ["advice"] }, { pictures: [{ image: "i", marks: [] }] }] as Partial<AskDraft>[]) {
      expect(begun({ ...fresh(), ...some })).toBe(true);
      keepDraft({ ...fresh(), ...some });
      expect(readDraft("me")).toMatchObject(some);
      keepDraft(fresh());
      expect(kept).toBeNull();
    }
  });
  it("of an earlier version keeps its group and its words", () => {
    kept = { id: "1", question: "Une plaque ?", context: "", specialty: "SM15", urgency: "today", audience: "group", group: "der", people: [] };
    expect(readDraft("me")).toMatchObject({ id: "1", question: "Une plaque ?", groups: ["der"], history: "", told: [], pictures: [] });
    kept = { question: 3 };
    expect(readDraft("me")).toBeNull();
  });
  it("asks for the question and its readers alone, and for a consent stated whole", () => {
    expect(missing(draft())).toEqual([]);
    expect(missing(draft({ question: " a " }))).toEqual(["question"]);
    expect(missing(draft({ groups: [] }))).toEqual(["audience"]);
    expect(missing(draft({ audience: "people" }))).toEqual(["people"]);
    expect(missing(draft({ audience: "all", groups: [] }))).toEqual([]);
    expect(missing(draft({ told: ["advice"] }))).toEqual(["recorded"]);
    expect(missing(draft({ recorded: "oral" }))).toEqual(["told"]);
  });
});

describe("what is sent", () => {
  it("leaves the card in the first group one has joined, and lets the others read", () => {
    expect(readersOf(draft({ groups: ["car", "mg", "der"] }), rooms)).toEqual({ group: "mg", groups: ["car", "der"] });
    expect(readersOf(draft({ groups: ["car", "onc"] }), rooms), "a group is asked by who is no member of it").toEqual({ group: "car", groups: ["onc"] });
    expect(readersOf(draft({ audience: "all" }), rooms)).toEqual({ everyone: true });
    expect(readersOf(draft({ audience: "people", people: [{ id: "p1" } as AskDraft["people"][0]] }), rooms)).toEqual({ people: ["p1"] });
  });
  it("has what was said and nothing else", () => {
    const plain = newCase(draft({ id: "1" }), rooms, null);
    expect(plain).toEqual({ id: "1", title: "Arrêter la gliptine ?", question: "Arrêter la gliptine ?", specialty: "", urgency: "today", group: "der" });
    const full = newCase(draft({ context: " Bulles. ", sex: "f", done: " Biopsie ", told: ["advice"], recorded: "oral" }), rooms, ["name"]);
    expect(full).toMatchObject({ question: "Arrêter la gliptine ?\n\nBulles.", template: { sex: "f", done: "Biopsie" }, consent: { told: ["advice"], recorded: "oral" }, confirmed: ["name"] });
  });
  it("has a title in one line, cut between words where it is long", () => {
    expect(titleOf("  Une\nplaque  ? ")).toBe("Une plaque ?");
    const long = `${"mot ".repeat(60)}fin`;
    const title = titleOf(long);
    expect([...title].length).toBeLessThanOrEqual(200);
    expect(long.startsWith(title) && title.endsWith("mot")).toBe(true);
    expect([...titleOf("é".repeat(300))].length).toBeGreaterThanOrEqual(100);
  });
});

describe("the address of the page of cases", () => {
  it("says what is shown and comes back the same", () => {
    expect(toCases("feed")).toBe("/cases");
    expect(asked("")).toMatchObject({ place: "feed", only: "", collection: null });
    const to = toCases("search", { q: "gliptine & co", status: "open", picture: "true", since: "2026-11-01" });
    expect(asked(to.split("?")[1]!)).toMatchObject({ place: "search", wanted: { q: "gliptine & co", status: "open", picture: "true", since: "2026-11-01", until: "", specialty: "" } });
    expect(asked(toCases("feed", { only: "urgent", specialty: "DER" }).split("?")[1]!)).toMatchObject({ place: "feed", only: "urgent", wanted: { specialty: "DER" } });
    expect(asked(toCases("collections", { collection: "c1" }).split("?")[1]!)).toMatchObject({ place: "collections", collection: "c1" });
  });
  it("takes nothing that the server would refuse", () => {
    expect(asked("in=elsewhere&only=x&status=y&picture=maybe&since=soon")).toMatchObject({ place: "feed", only: "", wanted: { status: "", picture: "", since: "" } });
  });
});
