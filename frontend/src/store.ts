/** What views read (signals) and call (actions). One person at a time has a desk here; the next one gets another. */
import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { browserApi, query, Refusal } from "./api";
import { browserCover, watch } from "./cover";
import { Desk, type Hearing } from "./desk";
import { InTurn } from "./inTurn";
import { deviceLabel } from "./device/label";
import type { Channel, Locks } from "./outbox";
import type { CaseStatus, Head } from "./protocol";
import { route } from "./router";
import { Account, vaultDoors, type MeAnswer } from "./session";
import type { Seal } from "./seal";
import { browserWorld } from "./browserWorld";
import { Vaults } from "./vault";
import type {
  Connection, Decided, Hit, Locale, Me, Member, NewCase, PersonCard, Profile, RoomItem, RoomView, Session, Specialties, Suspension, Version,
} from "./types";
export { Refusal };
export type * from "./types";
export type { Head };

const _session = signal<Session>({ status: "loading" });
const _connection = signal<Connection>({ state: "reconnecting", unsent: 0, since: Date.now() });
const _roomsLoaded = signal<"no" | "cached" | "yes">("no");
const _locale = signal<Locale>("fr");
const _skew = signal(0);
const _decided = signal<{ what: Decided } | null>(null);
const _specialties = signal<Specialties | null>(null);
const desk = signal<Desk | null>(null);

export const session: ReadonlySignal<Session> = _session;
export const connection: ReadonlySignal<Connection> = _connection;
/** Sorted: mention, urgent, unread, recent. */
export const rooms: ReadonlySignal<RoomItem[]> = computed(() => desk.value?.list.sorted.value ?? []);
/** "no" until the first list came; then whether it is the cached one. */
export const roomsLoaded: ReadonlySignal<"no" | "cached" | "yes"> = _roomsLoaded;
/** Set it while pointer or focus is in the list. */
export const holdOrder: Signal<boolean> = signal(false);
export const locale: ReadonlySignal<Locale> = _locale;
/** Server time less this device's, in ms: for "you can write again at …" and slow mode. */
export const clockSkew: ReadonlySignal<number> = _skew;
/** Which was decided last, a flag of this person or an appeal, while the page is open; another object each time. */
export const lastDecided: ReadonlySignal<{ what: Decided } | null> = _decided;
/** Loaded once with the session. */
export const specialties: ReadonlySignal<Specialties | null> = _specialties;

const LOCALE = "consult.locale", SPECIALTIES = "consult.specialties", CHOSEN = "consult.locale.chosen";
/** What a pressed notification does not need is asked for after this; and nobody is asked for longer who is there. */
const LATER = 3000;
/** For the doors that have a file of their own (notices.ts). */
export const api = browserApi(() => _locale.value, () => doubt());
const account = new Account(api);
/** What hides the screen after a while without anyone. */
export const cover = browserCover();
const vaults = new Vaults(vaultDoors(api, deviceLabel));
const world = browserWorld();
/** Set by the device's side: something waits to be sent, and there is no connection. */
let sendLater: (() => void) | undefined;
export function whenUnsent(run: () => void): void {
  sendLater = run;
}
let tabs: Channel | null = null;
let asking: Promise<void> | null = null;
let again: ReturnType<typeof setTimeout> | undefined;
let restarted = 0;
/** How often the profile was saved here. */
let saved = 0;

const channel = (name: string): Channel | null => (typeof BroadcastChannel === "undefined" ? null : (new BroadcastChannel(name) as Channel));

/** Call once from main.tsx. */
export function start(): void {
  const stored = localStorage.getItem(LOCALE);
  _locale.value = stored === "fr" || stored === "en" ? stored : navigator.language.startsWith("en") ? "en" : "fr";
  _specialties.value = keptSpecialties();
  localStorage.removeItem("consult.me"); // an earlier version kept the last person's name here
  tabs = channel("consult-session");
  // Another tab signed in or out: the cookie is shared, so ask who it is now.
  if (tabs) tabs.onmessage = () => void whoIsIt();
  watch(cover);
  addEventListener("online", () => desk.value?.online());
  addEventListener("offline", () => desk.value?.offline());
  addEventListener("pagehide", () => desk.value?.hidden());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") desk.value?.socket.woken();
    else desk.value?.hidden();
  });
  void whoIsIt();
}

/** Asks the server who is signed in here, and sets the desk for that person, one question at a time. */
function whoIsIt(endedBy?: number): Promise<void> {
  asking ??= settle(endedBy).finally(() => (asking = null));
  return asking;
}

async function settle(endedBy?: number): Promise<void> {
  clearTimeout(again);
  const before = saved;
  const asked = account.whoAmI();
  asked.catch(() => undefined); // looked at below; the person seen here last is not kept waiting for it
  // No storage at all is as good as nobody seen here.
  const last = _session.value.status === "loading" ? await vaults.held().catch(() => null) : null;
  const begin = last ? await seat(last.me, last.seal) : null;
  // A network that swallows the question is no reason not to try the socket.
  const late = begin ? setTimeout(begin, LATER) : undefined;
  try {
    const answer = await asked;
    clearTimeout(late);
    await settled(answer, before, begin, endedBy);
  } catch (error) {
    clearTimeout(late);
    if (error instanceof Refusal && error.code === "account.suspended") return left(4403);
    if (!(error instanceof Refusal)) reportError(error);
    if (_session.value.status === "loading") _session.value = { status: "loading", unreachable: true };
    begin?.();
    again = setTimeout(() => void whoIsIt(endedBy), (desk.value ? 10_000 : 1000) + Math.random() * 3000);
  }
}

/** The server has said who it is. Rejects where it does not say what unlocks what they keep here. */
async function settled(answer: MeAnswer | null, before: number, begin: (() => void) | null, endedBy?: number): Promise<void> {
  const held = _session.value.me;
  // Who has just signed out here is not told that their session ended.
  if (!answer) return _session.value.status === "out" ? undefined : left(endedBy);
  // An answer that was on its way while the profile was saved may be from before it.
  const me = saved !== before && held?.id === answer.me.id ? held : answer.me;
  // Shut out: what was seen goes, what was not sent stays under lock until the account is open again.
  if (answer.suspension) return shutOut(me, answer.suspension);
  const same = held?.id === me.id && held.verification === me.verification && desk.value;
  if (same) {
    _session.value = { status: statusOf(me), me };
    remember(me);
    if (begin) speak(me);
    begin?.();
    // The session was renewed under this page: its socket may open again, but not in a circle.
    if (endedBy === 4401 && Date.now() - restarted > 30_000) {
      restarted = Date.now();
      desk.value?.socket.tryNow();
    }
    return;
  }
  // Whoever was here before is not any more: nothing of theirs stays in sight, and what they wrote stays under lock.
  if (held?.id !== me.id) _session.value = { status: "loading" };
  await leaveDesk();
  await vaults.lock(me.id).catch(() => undefined);
  const next = await seat(me, await vaults.open(me.id));
  remember(me);
  next?.();
}

/** Nobody is signed in here any more: what was seen is deleted, what was not sent stays under lock, and what was wiped from afar goes. */
async function left(endedBy?: number): Promise<void> {
  const was = desk.value;
  _session.value = { status: "out", ...(endedBy ? { endedBy } : {}) };
  cover.lift(); // there is nothing under it any more
  localStorage.removeItem(CHOSEN);
  // A disk that refuses, or that was wiped: what cannot be deleted cannot be read any more once the key is gone.
  await was?.wipeCache().catch(() => undefined);
  await leaveDesk();
  await vaults.lock().catch(() => undefined);
  void vaults.clear().catch(() => undefined); // no storage: nothing was kept
}

async function shutOut(me: Me, suspension: Suspension): Promise<void> {
  await desk.value?.wipeCache().catch(() => undefined); // as where somebody signed out
  await leaveDesk();
  await vaults.lock().catch(() => undefined);
  _session.value = { status: "suspended", me, suspension };
}

/** For the next start without a network; only who may see rooms has something to open then. */
function remember(me: Me): void {
  const seal = desk.value?.seal;
  if (seal && me.verification === "verified") void vaults.remember(seal, me).catch(() => undefined); // costs only that start
}

/** A desk for this person, with what is kept here; what the server has follows by what it answers with, once it is known who asks. */
async function seat(me: Me, seal: Seal): Promise<(() => void) | null> {
  await leaveDesk();
  speak(me);
  const next = new Desk({
    me, seal, later: () => sendLater?.(), api, world, channel, locks: (navigator.locks as Locks | undefined) ?? null, locale: () => _locale.value, hold: holdOrder, connection: _connection,
    roomsLoaded: _roomsLoaded, skew: _skew, decided: _decided, askSession: () => account.isAlive(), doubt,
  });
  const here = route.peek();
  // A notification was pressed: its messages come before all else.
  const first = here.name === "room" && here.fresh && here.at !== null ? { room: here.id, at: here.at } : null;
  await next.open(first?.room);
  desk.value = next;
  _session.value = { status: statusOf(me), me };
  setTimeout(() => void stillMine(next), LATER);
  if (first) {
    void next.begin(first).then(() => setTimeout(() => void loadSpecialties(), LATER));
    return null;
  }
  let begun = false;
  return () => {
    if (begun) return;
    begun = true;
    void loadSpecialties();
    void next.begin();
  };
}

/** Once the first screen is there: the server knows which session has this vault, and says where it was wiped from afar. */
async function stillMine(mine: Desk): Promise<void> {
  if (desk.value !== mine) return;
  await vaults.touch(mine.me.id).catch(async (error: unknown) => {
    if (!(error instanceof Refusal) || error.code !== "vault.wiped" || desk.value !== mine) return; // no network: the next start asks again
    await left();
    await whoIsIt();
  });
}

/** The person's language; but what they chose here and the server has not heard yet goes before what it knew. */
function speak(me: Me): void {
  const chosen = localStorage.getItem(CHOSEN);
  _locale.value = (chosen ?? me.locale) === "en" ? "en" : "fr";
  if (chosen === me.locale) localStorage.removeItem(CHOSEN);
  else if (chosen) void tellLocale(_locale.value).catch(() => undefined); // at the next start again
}

async function tellLocale(to: Locale): Promise<void> {
  await saveProfile({ locale: to });
  if (localStorage.getItem(CHOSEN) === to) localStorage.removeItem(CHOSEN);
}

const statusOf = (me: Me): "in" | "unverified" => (me.verification === "verified" ? "in" : "unverified");

/** A socket that stopped, or a 401: is this session still what this page thinks, and if it is suspended, why and until when? */
function doubt(code?: number): void {
  if (code === 4403) void vaults.lock().catch(() => undefined); // the next start asks the server
  if (_session.value.status === "loading" || (code !== undefined && code !== 4401 && code !== 4403)) return;
  void whoIsIt(code);
}

async function leaveDesk(): Promise<void> {
  const was = desk.value;
  desk.value = null;
  await was?.close();
  _roomsLoaded.value = "no";
  _connection.value = { state: "reconnecting", unsent: 0, since: Date.now() };
}

/** Their words are kept from one start to the next: they stand beside every name, and hardly ever change. */
async function loadSpecialties(): Promise<void> {
  const asked = await api.get<Specialties>("/api/v1/specialties").catch(() => null);
  if (!asked) return;
  _specialties.value = asked;
  try {
    localStorage.setItem(SPECIALTIES, JSON.stringify(asked));
  } catch {
    // A full storage only costs the words of the next start without a network.
  }
}

function keptSpecialties(): Specialties | null {
  try {
    return JSON.parse(localStorage.getItem(SPECIALTIES) ?? "null") as Specialties | null;
  } catch {
    return null;
  }
}

function here(): Desk {
  if (!desk.value) throw new Refusal({ code: "session.none" }, 401);
  return desk.value;
}

/** The same view for the same id until it is closed as often as it was opened. */
export function openRoom(id: string, options: { around?: number; fresh?: boolean } = {}): RoomView {
  return here().openRoom(id, options.around, options.fresh);
}
export function closeRoom(id: string): void {
  desk.value?.closeRoom(id);
}

export async function signIn(email: string, password: string): Promise<void> {
  await account.signIn(email, password);
  await cameIn();
}
export async function signUp(email: string, password: string, profile: Profile = {}): Promise<void> {
  await account.signUp(email, password, profile);
  await cameIn();
}
/** Somebody has just signed in at this browser, by whatever door. */
export async function cameIn(): Promise<void> {
  cover.lift();
  await asking?.catch(() => undefined);
  await whoIsIt();
  tabs?.postMessage({ type: "changed" });
}
/** This person gives their password once more. Rejects with account.incorrect_password. */
export function confirmPassword(password: string): Promise<void> {
  return account.reauthenticate(password);
}
/** Uncovers the screen, in all tabs, once it is shown that it is still this person. Rejects as the proof does, or where the server does not answer. */
export async function uncover(proof: () => Promise<void>): Promise<void> {
  try {
    await proof();
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) return whoIsIt(); // the session ended meanwhile
    throw error;
  }
  cover.lift();
}
/** False where it was thought better of, as `still` says. "send": wait until all has left, rejects with "outbox.not_empty" where it cannot; "keep": for me on this device; "delete". */
export async function signOut(choice: "send" | "keep" | "delete", still?: () => boolean): Promise<boolean> {
  const mine = here();
  if (!(await account.signOut(choice, mine, still))) return false;
  await left();
  tabs?.postMessage({ type: "changed" });
  return true;
}
/** From a suspended account: there is no desk, and what was not sent stays under lock. */
export async function signOutSuspended(): Promise<void> {
  await account.end();
  await left();
  tabs?.postMessage({ type: "changed" });
}
/** What a sign-out has to ask about: this person's alone. */
export function unsentText(): Promise<{ messages: number; drafts: number }> {
  return here().unsentText();
}
/** The question being written, kept under the same lock as what was not sent. */
export function keptQuestion(): unknown {
  return desk.value?.keptQuestion() ?? null;
}
export function keepQuestion(question: unknown): void {
  desk.value?.keepQuestion(question);
}
/** A picture on its way, under the same lock; `keepPicture` is false where this device has no place for it. */
export function keepPicture(id: string, file: Blob): Promise<boolean> {
  return desk.value?.keepPicture(id, file) ?? Promise.resolve(false);
}
export function keptPicture(id: string): Promise<Blob | undefined> {
  return desk.value?.keptPicture(id) ?? Promise.resolve(undefined);
}
export function forgetPictures(ids: readonly string[]): Promise<void> {
  return desk.value?.forgetPictures(ids) ?? Promise.resolve();
}
/** After a stop or while waiting: try now. */
export function tryAgain(): void {
  if (desk.value) desk.value.socket.tryNow();
  else void whoIsIt();
}
const saves = new InTurn();
/** The last choice holds: two on their way at once could reach the server in either order. */
export async function saveProfile(profile: Profile): Promise<Me> {
  const { me } = await saves.run(() => api.patch<{ me: Me }>("/api/v1/me", profile));
  saved++;
  _session.value = { status: statusOf(me), me };
  remember(me);
  return me;
}
export async function switchLocale(to: Locale): Promise<void> {
  _locale.value = to;
  localStorage.setItem(LOCALE, to);
  if (!desk.value) return;
  localStorage.setItem(CHOSEN, to);
  await tellLocale(to);
  void loadSpecialties();
  // Only a hello tells the socket the language of its refusals.
  desk.value?.socket.drop();
  desk.value?.socket.tryNow();
}

const newId = (): string => crypto.randomUUID();

export function ask(question: NewCase): Promise<{ room: string; seq: number; message: string }> {
  return api.post("/api/v1/cases", { ...question, id: question.id ?? newId() });
}
export function turnIntoCase(message: string, fields: { title: string; specialty: string; urgency: NewCase["urgency"] }): Promise<{ room: string; seq: number }> {
  return api.post(`/api/v1/messages/${message}/case`, { id: newId(), ...fields });
}
export async function setCaseStatus(room: string, status: CaseStatus): Promise<void> {
  await api.post(`/api/v1/cases/${room}/status`, { id: newId(), status });
}
export async function startConversation(people: string[], title?: string): Promise<string> {
  const { room } = await api.post<{ room: string }>("/api/v1/conversations", { id: newId(), people, ...(title ? { title } : {}) });
  await here().touched(room);
  return room;
}
export async function join(room: string): Promise<void> {
  await api.post(`/api/v1/rooms/${room}/join`);
  await here().touched(room);
}
export async function leave(room: string): Promise<void> {
  await api.post(`/api/v1/rooms/${room}/leave`);
  await here().touched(room);
}
/** A room's item is asked for again after an act that another file did. */
export function roomTouched(room: string): Promise<void> {
  return here().touched(room);
}
/** Hears a room that is none of the list's, such as the console's; answers how to stop. */
export function hear(room: string, hearing: Hearing): () => void {
  return here().hear(room, hearing);
}
export async function invite(room: string, person: string): Promise<void> {
  await api.post(`/api/v1/rooms/${room}/members`, { id: newId(), person });
}

export interface Page<T> { items: T[]; next: string | null }
/** `next` is a ready address from the answer before. */
async function page<K extends string, T>(key: K, path: string, abort?: AbortSignal): Promise<Page<T>> {
  const answer = await api.get<Record<K, T[]> & { next?: string | null }>(path, { signal: abort });
  return { items: answer[key], next: answer.next ?? null };
}
export function searchMessages(of: { q?: string; room?: string; tag?: string; next?: string | null }, abort?: AbortSignal): Promise<Page<Hit>> {
  return page("hits", of.next ?? query("/api/v1/search", { q: of.q, room: of.room, tag: of.tag }), abort);
}
export function people(of: { q?: string; room?: string; next?: string | null }, abort?: AbortSignal): Promise<Page<PersonCard>> {
  return page("people", of.next ?? query("/api/v1/people", { q: of.q, room: of.room }), abort);
}
export function person(id: string): Promise<PersonCard> {
  return api.get(`/api/v1/people/${id}`);
}
export function members(room: string, next?: string | null): Promise<Page<Member>> {
  return page("members", next ?? `/api/v1/rooms/${room}/members`);
}
export async function tags(q: string, abort?: AbortSignal): Promise<{ tag: string; count: number }[]> {
  return (await page<"tags", { tag: string; count: number }>("tags", query("/api/v1/tags", { q }), abort)).items;
}
/** Every listed group, joined or not. */
export async function groups(): Promise<RoomItem[]> {
  return (await page<"groups", RoomItem>("groups", "/api/v1/groups")).items;
}
export function history(message: string): Promise<{ versions: Version[]; withheld: string | null }> {
  return api.get(`/api/v1/messages/${message}/history`);
}
/** Where a message stands, to open its room around it. */
export async function locate(message: string): Promise<{ room: string; seq: number }> {
  const { room, seq } = await api.get<{ room: string; seq: number }>(`/api/v1/messages/${message}`);
  return { room, seq };
}
