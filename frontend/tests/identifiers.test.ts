/** What is an identifier and what is none: the cases that the server's reader is tested with as well. */
import { expect, test } from "vitest";
import cases from "../../tests/identifiers/cases.json";
import { find } from "../src/identifiers/find";

interface Case { text: string; found: [string, string][]; doctors?: string[] }

test.each((cases as unknown as Case[]).map((one) => [one.text.slice(0, 40), one] as const))("%s", (_, { text, found, doctors }) => {
  const points = [...text];
  expect(find(text, doctors).map((f) => [points.slice(f.start, f.end).join(""), f.category])).toEqual(found);
});

test("levels follow categories", () => {
  expect(find("Né le 12/03/1978, 06 12 34 56 78, habite à Chaource").map((f) => f.level)).toEqual(["block", "confirm", "hint"]);
});

test("time stays bounded whatever is written", () => {
  for (const part of ["a", "1 ", "06 ", "a.", "a@", "mme ", "née a ", "12 rue de la ", "dossier n° ", "+33 ", "point arobase ", "12/12/", "a'", "Dr Le La De Du "]) {
    const began = performance.now();
    find(part.repeat(Math.floor(8000 / part.length)));
    expect(performance.now() - began).toBeLessThan(2000);
  }
});
