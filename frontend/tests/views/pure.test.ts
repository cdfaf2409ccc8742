import { describe, expect, it } from "vitest";
import { parse, toSearch } from "../../src/router";
import { frenchSpaces, inLang, p, plural } from "../../src/i18n/pair";
import { initials, shortName } from "../../src/views/parts/names";
import { follow, most, slideDown, slideUp, windowAt } from "../../src/views/room/window";

const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => ({ key: `k${from + at}` }));

describe("the window of lines", () => {
  it("is bounded and slides", () => {
    expect(windowAt(1000, null)).toEqual({ from: 700, to: 1000 });
    expect(windowAt(1000, 500)).toEqual({ from: 350, to: 650 });
    const up = slideUp({ from: 700, to: 1000 });
    expect(up).toEqual({ from: 600, to: 900 });
    expect(slideDown(up, 1000)).toEqual({ from: 700, to: 1000 });
  });
  it("holds its first line when an older page comes before it", () => {
    expect(follow({ from: 0, to: 200 }, lines(200, 400), lines(0, 400), false)).toEqual({ from: 200, to: 400 });
  });
  it("stays at the end, never over its bound", () => {
    expect(follow({ from: 700, to: 1000 }, lines(0, 1000), lines(0, 1005), true)).toEqual({ from: 705, to: 1005 });
    const away = follow({ from: 300, to: 600 }, lines(0, 1000), lines(0, 1005), false);
    expect(away).toEqual({ from: 300, to: 600 });
    expect(away.to - away.from).toBeLessThanOrEqual(most);
  });
});

describe("words", () => {
  it("puts no-break spaces into French only", () => {
    expect(frenchSpaces("Âge ? « oui » : non")).toBe("Âge\u202f? «\u00a0oui\u00a0»\u00a0: non");
    const words = { a: { b: p("Quoi ?", "What?"), c: p((n: number) => `${n} !`, (n: number) => `${n}!`) } };
    expect(inLang(words, "fr").a.b).toBe("Quoi\u202f?");
    expect(inLang(words, "en").a.c(2)).toBe("2!");
  });
  it("counts 0 as one in French, as many in English", () => {
    expect([plural.fr(0, "1", "n"), plural.en(0, "1", "n")]).toEqual(["1", "n"]);
  });
  it("shortens names", () => {
    expect([initials("Dr Nadia Ferrand"), shortName("Dr Nadia Ferrand"), shortName("Hélène Morvan")]).toEqual(["NF", "Dr Ferrand", "Hélène Morvan"]);
  });
});

describe("addresses", () => {
  it("are read", () => {
    expect(parse("/rooms/a%20b", "?at=12")).toEqual({ name: "room", id: "a b", at: 12, fresh: false });
    expect(parse("/rooms/x", "?at=-1")).toEqual({ name: "room", id: "x", at: null, fresh: false });
    expect(parse("/rooms/%", "")).toEqual({ name: "room", id: "%", at: null, fresh: false });
    expect(parse("/nothing", "")).toEqual({ name: "none" });
    expect([parse("/moderation", ""), parse("/moderation/rules", ""), parse("/moderation/x", "")]).toEqual([{ name: "moderation", rules: false }, { name: "moderation", rules: true }, { name: "none" }]);
    expect(toSearch({ q: "a b", room: null })).toBe("/search?q=a+b");
  });
});
