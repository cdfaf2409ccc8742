/** Notifications that stand on this device's screen: gone once their room is read, here or elsewhere. */
import type { RoomItem } from "../types";
import { forgetShown, openNotes } from "../worker/notes";
import { registered } from "./worker";

interface Badge { setAppBadge?(count: number): Promise<void>; clearAppBadge?(): Promise<void> }

/** What the badge counts, as the server does (consult/rooms/waking.py): rooms with something unread, without those that are muted. */
export function waiting(items: readonly RoomItem[]): number {
  return items.filter((item) => item.member && item.unread > 0 && levelOf(item) !== "none").length;
}

export function levelOf(item: Pick<RoomItem, "kind" | "notices" | "muted">): "all" | "mentions" | "none" {
  return item.notices ?? (item.muted ? "none" : item.kind === "group" ? "mentions" : "all");
}

export async function closeRead(items: readonly RoomItem[]): Promise<void> {
  const { setAppBadge, clearAppBadge } = navigator as Badge;
  const count = waiting(items);
  // Not every browser that has a badge shows one to a page in a tab.
  await (count ? setAppBadge?.call(navigator, count) : clearAppBadge?.call(navigator))?.catch(() => undefined);
  const readTo = new Map(items.map((item) => [item.id, item.read_seq]));
  for (const note of (await (await registered())?.getNotifications()) ?? []) {
    const { room, seq } = (note.data ?? {}) as { room?: string | null; seq?: number };
    if (room && (readTo.get(room) ?? 0) >= (seq ?? 0)) note.close();
  }
}

/** Whoever is next at this browser finds nothing on its screen. */
export async function closeAll(): Promise<void> {
  for (const note of (await (await registered())?.getNotifications()) ?? []) note.close();
  await (navigator as Badge).clearAppBadge?.().catch(() => undefined);
  const db = await openNotes();
  try {
    await forgetShown(db);
  } finally {
    db.close();
  }
}
