/** Which lines of a long room stand in the page: a bounded window that slides as the reader moves. */

export const most = 300;
const step = 100;

export interface Range { from: number; to: number }

/** The last lines, or the lines round one that is looked for. */
export function windowAt(count: number, around: number | null): Range {
  if (around === null) return { from: Math.max(0, count - most), to: count };
  const from = Math.max(0, Math.min(around - most / 2, count - most));
  return { from, to: Math.min(count, from + most) };
}

/** Towards older lines; what is far below leaves the page. */
export function slideUp(range: Range): Range {
  const from = Math.max(0, range.from - step);
  return { from, to: Math.min(range.to, from + most) };
}

export function slideDown(range: Range, count: number): Range {
  const to = Math.min(count, range.to + step);
  return { from: Math.max(range.from, to - most), to };
}

/** A day's divider moves up when older messages of that day come in: it is no place to hold on to. */
export const holds = (key: string): boolean => !key.startsWith("d:");

/**
 * The same window over changed lines: it holds on to its first line by key (or to the end, where it was there).
 * Lines put before it (an older page) leave it in place; lines after it join as long as there is room.
 */
export function follow(range: Range, before: readonly { key: string }[], after: readonly { key: string }[], atEnd: boolean): Range {
  const count = after.length;
  if (atEnd && range.to >= before.length) return { from: Math.max(0, Math.max(count - most, Math.min(range.from, count))), to: count };
  let found = -1;
  const where = new Map(after.map((line, at) => [line.key, at]));
  for (let at = range.from; at < range.to && found < 0; at++) {
    const key = before[at]?.key;
    const now = key === undefined || !holds(key) ? undefined : where.get(key);
    if (now !== undefined) found = Math.max(0, now - (at - range.from));
  }
  if (found < 0) return windowAt(count, null);
  const wasToEnd = range.to >= before.length;
  const to = wasToEnd ? Math.min(count, found + most) : Math.min(count, found + (range.to - range.from));
  return { from: found, to };
}
