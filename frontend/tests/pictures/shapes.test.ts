import { describe, expect, test } from "vitest";
import {
  added, begun, boxOf, cropped, done, fromResult, layerOf, masksOf, moved, nextNumber, now, redone, redrawn, relaid, resized, resultSize, toResult, turned, undone, untouched, within,
  masked, without, type Edit, type Turn,
} from "../../src/pictures/shapes";
import { shrink } from "../../src/pictures/burn";

const size = { width: 400, height: 200 };
const box = { x: 100, y: 50, w: 200, h: 100 };

test("masks for the server are boxes in shares of the picture, nothing else of what lies on it", () => {
  const edit = [{ kind: "rect", ...box } as const, { kind: "ellipse", ...box } as const, { kind: "rect", x: -40, y: 150, w: 80, h: 100 } as const].reduce((before, shape) => added(before, shape), untouched);
  expect(masksOf(edit, size)).toEqual([[0.25, 0.25, 0.5, 0.5], [0, 0.75, 0.1, 0.25]]);
  expect(masksOf(untouched, size)).toEqual([]);
});

test.each([0, 1, 2, 3] as Turn[])("what was seen in the picture that was sent is masked where it lies in the file, turned %i times", (turn) => {
  const edit: Edit = { turn, crop: box, shapes: [{ kind: "number", at: { x: 1, y: 1 }, n: 1 }] };
  const proposed = masked(edit, [[0, 0, 0.5, 0.5]], size);
  expect(proposed.shapes[0]).toEqual(edit.shapes[0]);
  const { x, y, w, h } = proposed.shapes[1] as { x: number; y: number; w: number; h: number };
  expect([w, h]).toEqual([expect.closeTo(100), expect.closeTo(50)]);
  const middle = toResult({ x: x + w / 2, y: y + h / 2 }, edit, size);
  expect([middle.x, middle.y]).toEqual([expect.closeTo(0.25), expect.closeTo(0.25)]);
});

describe("places", () => {
  test.each([0, 1, 2, 3] as Turn[])("a place in the picture comes back from the result, turned %i times", (turn) => {
    const edit: Edit = { turn, crop: box, shapes: [] };
    for (const point of [{ x: 100, y: 50 }, { x: 170, y: 130 }, { x: 300, y: 150 }]) {
      const there = toResult(point, edit, size);
      expect(there.x).toBeGreaterThanOrEqual(0);
      expect(there.x).toBeLessThanOrEqual(1);
      const back = fromResult(there, edit, size);
      expect(back.x).toBeCloseTo(point.x);
      expect(back.y).toBeCloseTo(point.y);
    }
  });

  test("a quarter turn clockwise brings the upper left to the upper right, and swaps the sides", () => {
    const edit = turned(untouched);
    expect(toResult({ x: 0, y: 0 }, edit, size)).toEqual({ x: 1, y: 0 });
    expect(resultSize(edit, size)).toEqual({ width: 200, height: 400 });
  });

  test("four turns are none", () => {
    expect(turned(turned(turned(turned(untouched)))).turn).toBe(0);
  });

  test("a box that leaves the picture is cut, and a slip is nothing", () => {
    expect(within({ x: -20, y: 150, w: 60, h: 100 }, size)).toEqual({ x: 0, y: 150, w: 40, h: 50 });
    expect(within({ x: 10, y: 10, w: 2, h: 50 }, size)).toBeNull();
    expect(cropped(untouched, { x: 10, y: 10, w: 1, h: 1 }, size).crop).toBeNull();
  });

  test("a box is the same drawn from any corner", () => {
    expect(boxOf({ x: 10, y: 30 }, { x: 5, y: 20 })).toEqual({ x: 5, y: 20, w: 5, h: 10 });
  });
});

describe("what leaves the device", () => {
  const mask = { kind: "rect" as const, ...box };
  test("the file itself only where nothing is masked, cut or turned; marks are a layer", () => {
    expect(redrawn(untouched)).toBe(false);
    expect(redrawn(added(untouched, { kind: "number", at: { x: 1, y: 1 }, n: 1 }))).toBe(false);
    expect(redrawn(added(untouched, mask))).toBe(true);
    expect(redrawn(turned(untouched))).toBe(true);
    expect(redrawn(cropped(untouched, box, size))).toBe(true);
  });

  test("the layer has no masks, and stands in shares of what is seen", () => {
    const edit: Edit = { turn: 1, crop: box, shapes: [mask, { kind: "arrow", start: { x: 100, y: 50 }, end: { x: 300, y: 150 } }, { kind: "ellipse", x: 100, y: 50, w: 100, h: 100 }] };
    expect(layerOf(edit, size)).toEqual([
      { kind: "arrow", start: { x: 1, y: 0 }, end: { x: 0, y: 1 } },
      { kind: "ellipse", x: 0, y: 0, w: 1, h: 0.5 },
    ]);
  });

  test("laid over the picture that it went with, the layer is the same marks again", () => {
    const edit: Edit = { turn: 3, crop: box, shapes: [mask, { kind: "arrow", start: { x: 120, y: 60 }, end: { x: 280, y: 140 } }, { kind: "ellipse", x: 130, y: 70, w: 40, h: 30 }, { kind: "number", at: { x: 150, y: 90 }, n: 2 }] };
    const layer = layerOf(edit, size), again = relaid(layer, resultSize(edit, size));
    expect(again.shapes).toHaveLength(3);
    expect(layerOf(again, resultSize(edit, size))).toEqual(layer);
    expect(redrawn(again)).toBe(false);
  });

  test("no side is over the longest, and small ones are not blown up", () => {
    expect(shrink({ width: 8192, height: 100 })).toBe(0.5);
    expect(shrink(size)).toBe(1);
  });
});

describe("by keyboard", () => {
  const rect = { kind: "rect" as const, x: 0, y: 0, w: 20, h: 20 };
  test("shapes move and grow, and never vanish by shrinking", () => {
    expect(moved(rect, 5, -3)).toMatchObject({ x: 5, y: -3 });
    expect(resized(rect, -100, 10)).toMatchObject({ w: 4, h: 30 });
    expect(moved({ kind: "brush", points: [{ x: 1, y: 1 }], width: 9 }, 1, 1)).toMatchObject({ points: [{ x: 2, y: 2 }] });
  });
});

describe("the way back", () => {
  test("undo and redo stop at the ends, and a new act ends what was undone", () => {
    const one = added(untouched, { kind: "number", at: { x: 0, y: 0 }, n: nextNumber(untouched) });
    let history = done(begun(), one);
    history = done(history, added(one, { kind: "number", at: { x: 1, y: 1 }, n: nextNumber(one) }));
    expect(now(history).shapes.map((shape) => (shape as { n: number }).n)).toEqual([1, 2]);
    history = undone(undone(undone(history)));
    expect(now(history)).toBe(untouched);
    expect(now(redone(history))).toBe(one);
    history = done(history, turned(untouched));
    expect(now(redone(history)).turn).toBe(1);
    expect(without(one, 0).shapes).toEqual([]);
  });
});
