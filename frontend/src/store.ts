/** What views read (signals) and call (actions). Bodies follow; the signatures stand. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Connection, Hit, Locale, Me, Member, NewCase, PersonCard, Profile, RoomItem, RoomView, Session, Specialties, Version } from "./types";
import type { CaseStatus, Head } from "./protocol";
export { Refusal } from "./api";
export type * from "./types";

const later = (): never => { throw new Error("not built yet"); };

/** Call once from main.tsx. */
export function start(): void {}

export const session: ReadonlySignal<Session> = signal<Session>({ status: "loading" });
export const connection: ReadonlySignal<Connection> = signal<Connection>({ state: "reconnecting", unsent: 0, since: Date.now() });
/** Sorted: mention, urgent, unread, recent. */
export const rooms: ReadonlySignal<RoomItem[]> = signal<RoomItem[]>([]);
/** null until the first list came; then whether it is the cached one. */
export const roomsLoaded: ReadonlySignal<"no" | "cached" | "yes"> = signal<"no" | "cached" | "yes">("no");
/** Set it while pointer or focus is in the list. */
export const holdOrder: Signal<boolean> = signal(false);
export const locale: ReadonlySignal<Locale> = signal<Locale>("fr");
/** Server time less this device's, in ms: for "you can write again at …" and slow mode. */
export const clockSkew: ReadonlySignal<number> = signal(0);
/** Loaded once with the session. */
export const specialties: ReadonlySignal<Specialties | null> = signal<Specialties | null>(null);

/** The same view for the same id until it is closed as often as it was opened. */
export function openRoom(_id: string, _options?: { around?: number }): RoomView { return later(); }
export function closeRoom(_id: string): void {}

export async function signIn(_email: string, _password: string): Promise<void> { later(); }
export async function signUp(_email: string, _password: string, _profile?: Profile): Promise<void> { later(); }
/** "send": wait until all has left, rejects with "outbox.not_empty" where it cannot; "keep": for me on this device; "delete". */
export async function signOut(_choice: "send" | "keep" | "delete"): Promise<void> { later(); }
/** After a stop or while waiting: try now. */
export function tryAgain(): void {}
export async function saveProfile(_profile: Profile): Promise<Me> { return later(); }
export async function switchLocale(_locale: Locale): Promise<void> { later(); }

export async function ask(_case: NewCase): Promise<{ room: string; seq: number }> { return later(); }
export async function turnIntoCase(_message: string, _fields: { title: string; specialty: string; urgency: NewCase["urgency"] }): Promise<{ room: string; seq: number }> { return later(); }
export async function setCaseStatus(_room: string, _status: CaseStatus): Promise<void> { later(); }
export async function startConversation(_people: string[], _title?: string): Promise<string> { return later(); }
export async function join(_room: string): Promise<void> { later(); }
export async function leave(_room: string): Promise<void> { later(); }
export async function mute(_room: string, _muted: boolean): Promise<void> { later(); }
export async function invite(_room: string, _person: string): Promise<void> { later(); }

export interface Page<T> { items: T[]; next: string | null }
export async function searchMessages(_query: { q?: string; room?: string; tag?: string; next?: string | null }, _signal?: AbortSignal): Promise<Page<Hit>> { return later(); }
export async function people(_query: { q?: string; room?: string; next?: string | null }, _signal?: AbortSignal): Promise<Page<PersonCard>> { return later(); }
export async function person(_id: string): Promise<PersonCard> { return later(); }
export async function members(_room: string, _next?: string | null): Promise<Page<Member>> { return later(); }
export async function tags(_q: string, _signal?: AbortSignal): Promise<{ tag: string; count: number }[]> { return later(); }
/** Every listed group, joined or not. */
export async function groups(): Promise<RoomItem[]> { return later(); }
export async function history(_message: string): Promise<{ versions: Version[]; withheld: string | null }> { return later(); }
/** Where a message stands, to open its room around it. */
export async function locate(_message: string): Promise<{ room: string; seq: number }> { return later(); }

export type { Head };
