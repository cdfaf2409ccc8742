import { describe, expect, it } from "vitest";
import { bodyParts, safeHref } from "../../src/views/room/bodyParts";
import { insertMention, mentionAt, shiftMentions, trimmed } from "../../src/views/room/mentions";
import { marked } from "../../src/views/find/marks";

describe("bodies", () => {
  it("links only http and https, without the sentence's punctuation", () => {
    expect(bodyParts("Voir https://exemple.fr/a(b).", null)).toEqual([
      { type: "text", text: "Voir " }, { type: "link", text: "https://exemple.fr/a(b)", href: "https://exemple.fr/a(b)" }, { type: "text", text: "." }]);
    expect(bodyParts("javascript:alert(1) data:text/html,x", null)).toEqual([{ type: "text", text: "javascript:alert(1) data:text/html,x" }]);
    expect(safeHref("https://banque.fr@mechant.test/")).toBeNull();
  });
  it("finds tags that begin a word, in lower case", () => {
    expect(bodyParts("#Dermoscopie et n#1", null)).toEqual([{ type: "tag", text: "#Dermoscopie", tag: "dermoscopie" }, { type: "text", text: " et n#1" }]);
  });
  it("counts mentions in code points", () => {
    expect(bodyParts("🩺 @Ana ?", [{ person: "a", start: 2, length: 4 }])).toEqual([
      { type: "text", text: "🩺 " }, { type: "mention", text: "@Ana", person: "a" }, { type: "text", text: " ?" }]);
  });
  it("ignores spans outside the text or over one another", () => {
    const parts = bodyParts("@Ana", [{ person: "a", start: 0, length: 4 }, { person: "b", start: 1, length: 2 }, { person: "c", start: 3, length: 9 }]);
    expect(parts).toEqual([{ type: "mention", text: "@Ana", person: "a" }]);
  });
});

describe("mentions while writing", () => {
  it("sees the word after @ at the caret", () => {
    expect(mentionAt("Bonjour @fer", 12)).toEqual({ start: 8, query: "fer" });
    expect(mentionAt("a@fer", 5)).toBeNull();
  });
  it("puts a name in and keeps the spans true", () => {
    const made = insertMention("🩺 @fe ok", 3, 6, { id: "p", name: "Dr Ferrand" }, []);
    expect(made.body).toBe("🩺 @Dr Ferrand ok");
    expect(made.mentions).toEqual([{ person: "p", start: 2, length: 11 }]);
    expect(shiftMentions(made.body, `Oui ${made.body}`, made.mentions)).toEqual([{ person: "p", start: 6, length: 11 }]);
    expect(shiftMentions(made.body, made.body.replace("Ferrand", "Ferran"), made.mentions)).toEqual([]);
  });
  it("trims the edges and moves the spans along", () => {
    expect(trimmed("  @A x ", [{ person: "p", start: 2, length: 2 }])).toEqual({ body: "@A x", mentions: [{ person: "p", start: 0, length: 2 }] });
  });
});

it("cuts an excerpt at its marks", () => {
  expect(marked("😀 abc def", [[2, 3], [90, 4]])).toEqual([{ text: "😀 ", mark: false }, { text: "abc", mark: true }, { text: " def", mark: false }]);
});
