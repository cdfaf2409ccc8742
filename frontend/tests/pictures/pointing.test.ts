/** What the room is told of a pointer: paced, but never without the place where it rests. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { POINT_EVERY, paced } from "../../src/pictures/pointing";
import type { Point } from "../../src/pictures/shapes";

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

const place = (x: number): Point => ({ x, y: 0.5 });

function pointer() {
  const told: (number | null)[] = [];
  const point = paced((_image, at) => { told.push(at && at.x); });
  return { told, to: (x: number) => point("i", place(x), null), away: () => point("i", null, null) };
}

test("a quick movement is told at its start and where it came to rest", () => {
  const { told, to } = pointer();
  for (let x = 1; x <= 10; x++) { to(x / 10); vi.advanceTimersByTime(5); }
  expect(told).toEqual([0.1]);
  vi.advanceTimersByTime(POINT_EVERY);
  expect(told).toEqual([0.1, 1]);
  vi.advanceTimersByTime(10 * POINT_EVERY);
  expect(told).toEqual([0.1, 1]);
});

test("who comes back at once is seen", () => {
  const { told, to, away } = pointer();
  away();
  to(0.2);
  expect(told).toEqual([null, 0.2]);
});

test("nothing is told of a place after it was left", () => {
  const { told, to, away } = pointer();
  to(0.1);
  to(0.2);
  away();
  vi.advanceTimersByTime(10 * POINT_EVERY);
  expect(told).toEqual([0.1, null]);
});

test("a long movement is told once in each pause", () => {
  const { told, to } = pointer();
  // Each move puts the waiting one off by nothing: the pause counts from what was told.
  for (let ms = 0; ms < 10 * POINT_EVERY; ms += 10) { to(ms); vi.advanceTimersByTime(10); }
  expect(told.length).toBeGreaterThanOrEqual(9);
  expect(told.length).toBeLessThanOrEqual(11);
});
