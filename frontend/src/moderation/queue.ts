/** The queue as the console holds it: what is open, by risk and age, and who has taken what. Pure: each function returns a new queue. */
import type { Actor, EventFrame } from "../protocol";
import type { Item } from "./door";

export interface Queue {
  readonly items: readonly Item[];
  /** The item stood on, kept by id while others come and go. */
  readonly at: string | null;
}
/** What the console's room tells of an item. */
export type Told = "opened" | "claimed" | "released" | "decided";

export const EMPTY: Queue = { items: [], at: null };
/** More are not held: whoever has so many decides the most urgent first, and the others follow as these go. */
export const MOST = 1000;

/** Most urgent first, then the oldest; the id only makes the order total. */
export function before(a: Item, b: Item): number {
  return b.urgency - a.urgency || (a.at < b.at ? -1 : a.at > b.at ? 1 : a.item < b.item ? -1 : a.item > b.item ? 1 : 0);
}

/** Stands on the same item; where it is gone, on the one that took its place. */
function stand(items: readonly Item[], old: Queue): Queue {
  if (!items.length) return { items, at: null };
  if (old.at !== null && items.some((one) => one.item === old.at)) return { items, at: old.at };
  const was = old.items.findIndex((one) => one.item === old.at);
  return { items, at: items[Math.min(Math.max(0, was), items.length - 1)]!.item };
}

/** The whole queue as the server has it. */
export function replace(queue: Queue, items: readonly Item[]): Queue {
  const open = items.filter((one) => one.state === "open").sort(before).slice(0, MOST);
  return stand(open, queue);
}

/** Some of them anew: changed, new, or decided meanwhile. */
export function merge(queue: Queue, some: readonly Item[]): Queue {
  const fresh = new Map(some.map((one) => [one.item, one]));
  const kept = queue.items.filter((one) => !fresh.has(one.item));
  return stand([...kept, ...some.filter((one) => one.state === "open")].sort(before).slice(0, MOST), queue);
}

export function remove(queue: Queue, item: string): Queue {
  const items = queue.items.filter((one) => one.item !== item);
  return items.length === queue.items.length ? queue : stand(items, queue);
}

function claimed(queue: Queue, item: string, by: Actor | null, until: string | null): Queue {
  const at = queue.items.findIndex((one) => one.item === item);
  if (at < 0) return queue;
  const items = [...queue.items];
  items[at] = { ...items[at]!, claimed_by: by, claimed_until: until };
  return { ...queue, items };
}

/** An event of the console's room. What it does not tell is named in `ask`: those items are to be read anew. */
export function told(queue: Queue, event: EventFrame, claimS: number): { queue: Queue; ask: string[] } {
  const kind = /^item\.(\w+)$/.exec(event.kind)?.[1] as Told | undefined;
  const { item } = event.data as { item?: string };
  if (!kind || !item) return { queue, ask: [] };
  switch (kind) {
    case "opened":
      return { queue, ask: [item] };
    case "claimed":
      return { queue: claimed(queue, item, event.actor, new Date(Date.parse(event.at) + claimS * 1000).toISOString()), ask: [] };
    case "released":
      return { queue: claimed(queue, item, null, null), ask: [] };
    case "decided":
      return { queue: remove(queue, item), ask: [] };
    default:
      return { queue, ask: [] };
  }
}

export function move(queue: Queue, step: number): Queue {
  if (!queue.items.length) return queue;
  const here = queue.items.findIndex((one) => one.item === queue.at);
  const to = Math.min(queue.items.length - 1, Math.max(0, here < 0 ? 0 : here + step));
  return { ...queue, at: queue.items[to]!.item };
}

/** Whether somebody else has it now: a claim lapses by itself. */
export function taken(item: Item, me: string, now: number): Actor | null {
  if (!item.claimed_by || item.claimed_by.id === me) return null;
  return item.claimed_until !== null && Date.parse(item.claimed_until) <= now ? null : item.claimed_by;
}

/** The rooms to watch: those chosen, then those of the most urgent items, then the rest; never more than `most`. */
export function watching(chosen: readonly string[], items: readonly Item[], others: readonly string[], most = 6): string[] {
  const rooms: string[] = [];
  for (const room of [...chosen, ...items.flatMap((one) => (one.room ? [one.room] : [])), ...others]) {
    if (!rooms.includes(room)) rooms.push(room);
    if (rooms.length === most) break;
  }
  return rooms;
}
