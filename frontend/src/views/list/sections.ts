/** Which rooms stand where in the list: "À vous", "Ma spécialité", "Suivies"; and the phone's filters. */
import { plain } from "../../plain";
import type { RoomItem } from "../../types";

export type Filter = "all" | "you" | "urgent" | "mine";
export interface Sections { you: RoomItem[]; specialty: RoomItem[]; followed: RoomItem[] }

export const isUrgent = (room: RoomItem) => room.case?.urgency === "hour" && (room.case.status === "open" || room.case.status === "answered");

/** Rooms that wait for this person: cited, addressed by a private conversation, or their own question answered. */
export function isForYou(room: RoomItem, me: string): boolean {
  if (room.muted) return room.mentions > 0;
  return room.mentions > 0 || (room.unread > 0 && (room.kind === "private" || room.case?.author?.id === me || isUrgent(room)));
}

/** The order of the list is kept: the store sorted it. */
export function sections(rooms: readonly RoomItem[], me: string, code: string | null): Sections {
  const out: Sections = { you: [], specialty: [], followed: [] };
  for (const room of rooms) {
    if (isForYou(room, me)) out.you.push(room);
    else if (code && room.code === code) out.specialty.push(room);
    else out.followed.push(room);
  }
  return out;
}

export function filtered(rooms: readonly RoomItem[], filter: Filter, me: string): RoomItem[] {
  if (filter === "you") return rooms.filter((room) => isForYou(room, me));
  if (filter === "urgent") return rooms.filter(isUrgent);
  if (filter === "mine") return rooms.filter((room) => room.case?.author?.id === me);
  return [...rooms];
}

/** Rooms by name, best first: a word that begins with what was typed, accents and case aside. */
export function byName(rooms: readonly RoomItem[], query: string): RoomItem[] {
  const wanted = plain(query).split(/\s+/).filter(Boolean);
  if (!wanted.length) return [...rooms];
  const scored = rooms.flatMap((room, at) => {
    const words = plain(`${room.title} ${room.code ?? ""}`).split(/[^\p{L}\p{N}]+/u);
    let score = 0;
    for (const part of wanted) {
      if (words.some((word) => word.startsWith(part))) score += 2;
      else if (words.some((word) => word.includes(part))) score += 1;
      else return [];
    }
    return [{ room, score, at }];
  });
  return scored.sort((a, b) => b.score - a.score || a.at - b.at).map((one) => one.room);
}
