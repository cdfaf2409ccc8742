/** The HTTP doors to many cases: the feed, search, what one follows, collections. */
import { query } from "../api";
import { api } from "../store";
import type { Page, PersonCard, RoomItem } from "../store";
import type { CaseStatus } from "../protocol";

export const ONLY = ["unanswered", "urgent", "my_specialties", "following", "mine"] as const;
export type Only = (typeof ONLY)[number];
export const REASONS = ["urgent", "unanswered", "addressed", "my_specialty", "followed_specialty", "followed_person", "following"] as const;
export type Reason = (typeof REASONS)[number];
export interface Told { room: RoomItem; reasons: Reason[] }

/** Without what is empty. */
const said = (of: Record<string, string>) => Object.fromEntries(Object.entries(of).filter(([, value]) => value));

/** `specialty` is a specialty group's code, such as DER. */
export async function feed(of: { only: string; specialty: string; status: string; next: string | null }, signal: AbortSignal): Promise<Page<Told>> {
  const path = of.next ?? query("/api/v1/feed", said({ only: of.only, specialty: of.specialty, status: of.status }));
  const answer = await api.get<{ cases: Told[]; next: string | null }>(path, { signal });
  return { items: answer.cases, next: answer.next };
}

/** `specialty` is one specialty's code, such as SM15; days are of this device's time. A page may be short, even empty, and still have a next. */
export interface Wanted { q: string; specialty: string; status: CaseStatus | ""; picture: "" | "true" | "false"; since: string; until: string }
export async function searchCases(of: Wanted & { next: string | null }, signal: AbortSignal): Promise<Page<RoomItem>> {
  const { next, since, until, ...rest } = of;
  const answer = await api.get<{ cases: RoomItem[]; next: string | null }>(next ?? query("/api/v1/cases", said({ ...rest, since: startOf(since), until: startOf(until, 1) })), { signal });
  return { items: answer.cases, next: answer.next };
}

/** The first moment of a day ("2026-11-28"), or of the one `after` days later, with its zone; empty where there is none. */
export function startOf(day: string, after = 0): string {
  const [year, month, date] = day.split("-").map(Number);
  if (!year || !month || !date) return "";
  return new Date(year, month - 1, date + after).toISOString();
}

export interface Follows { specialties: string[]; people: PersonCard[] }
export const follows = (): Promise<Follows> => api.get("/api/v1/follows");
export async function follow(what: "specialties" | "people", id: string, on: boolean): Promise<void> {
  const path = `/api/v1/follows/${what}/${encodeURIComponent(id)}`;
  await (on ? api.put(path, {}) : api.delete(path));
}

export interface Collection { collection: string; name: string; at: string; cases: number; holds: boolean }
export async function collections(room?: string): Promise<Collection[]> {
  return (await api.get<{ collections: Collection[] }>(query("/api/v1/collections", { case: room }))).collections;
}
/** The same id names it anew. */
export const nameCollection = (id: string, name: string): Promise<unknown> => api.post("/api/v1/collections", { id, name });
export const dropCollection = (id: string): Promise<unknown> => api.delete(`/api/v1/collections/${id}`);
export async function save(collection: string, room: string, on: boolean): Promise<void> {
  const path = `/api/v1/collections/${collection}/cases/${room}`;
  await (on ? api.put(path, {}) : api.delete(path));
}
export async function collected(id: string, next: string | null, signal: AbortSignal): Promise<Page<RoomItem>> {
  const answer = await api.get<{ cases: RoomItem[]; next: string | null }>(next ?? `/api/v1/collections/${id}`, { signal });
  return { items: answer.cases, next: answer.next };
}
