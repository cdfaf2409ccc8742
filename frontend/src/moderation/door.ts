/** The HTTP doors of moderation: acts and their record, flags, appeals; the queue, readings and rules. Loaded when first needed. */
import { query } from "../api";
import type { Actor, MessageItem, Withheld } from "../protocol";
import { api } from "../store";

/** One line of a room's record. `person` is whom it is about; `moderator` null where the system acted. */
export interface Act {
  act: string; at: string; kind: string; moderator: Actor | null; message: string | null; image: string | null; differential?: string | null; reference?: string | null; room?: string | null; person: string | Actor | null; reason: string | null;
  until: string | null; reversed: { at: string; by: Actor | null; reason: string | null } | null;
}
/** What a tool does: the command of the protocol without `ref`, `room` and `id`. */
export interface Deed { type: string; reason?: string; [field: string]: unknown }
export interface Done { seq: number; act: string | null; unchanged?: boolean }

const newId = (): string => crypto.randomUUID();

/** Repeated with the same id by the door where the network fails, so it has one effect. */
export function act(room: string, deed: Deed): Promise<Done> {
  return api.post(`/api/v1/rooms/${room}/moderation`, { id: newId(), ...deed });
}
/** Words of a moderator who is in the room. An identifier in them is refused: to confirm it one goes there. */
export function write(room: string, id: string, body: string): Promise<unknown> {
  return api.post(`/api/v1/rooms/${room}/messages`, { id, body, confirmed: [] });
}
export function undo(act: string, reason?: string): Promise<Done> {
  return api.post(`/api/v1/moderation/acts/${act}/undo`, { id: newId(), ...(reason ? { reason } : {}) });
}
/** `room`: whose log says so too. */
export function suspend(person: string, seconds: number | null, reason: string, room: string | null): Promise<Done> {
  return api.post(`/api/v1/moderation/people/${person}/suspension`, { id: newId(), seconds, reason, ...(room ? { room } : {}) });
}
/** Someone who is shut out now. `until` is null where no end is set; `act` and what follows where an operator did it. */
export interface Suspended { person: Actor; until: string | null; act: string | null; at: string | null; reason: string | null; moderator: Actor | null }
/** `next` is what the page before said of itself. */
export function suspensions(next: string | null): Promise<{ suspended: Suspended[]; next: string | null }> {
  return api.get(next ?? "/api/v1/moderation/suspensions");
}
export function lift(person: string, reason: string): Promise<Done> {
  return api.delete(`/api/v1/moderation/people/${person}/suspension`, { body: { id: newId(), reason }, tries: 2 });
}
export function record(room: string, before?: number | string | null): Promise<{ acts: Act[]; more: boolean }> {
  return api.get(query(`/api/v1/rooms/${room}/moderation`, { before }));
}

export const CATEGORIES = ["identifies_patient", "dangerous_advice", "disrespect", "advertising", "not_clinician", "other"] as const;
export type Category = (typeof CATEGORIES)[number];
/** What is flagged: a message, one of its pictures, or a person. */
export interface Flagged { room?: string; message?: string; image?: string; person?: string }

export function report(of: Flagged, category: Category, note: string): Promise<{ report: string; duplicate?: boolean }> {
  return api.post("/api/v1/reports", { id: newId(), ...of, category, ...(note ? { note } : {}) });
}
interface Flag { report: string; at: string; room: string | null; message: string | null; person: string | null; outcome: "open" | "dismissed" | "upheld" }
export interface MadeReport extends Flag { category: Category }
/** About oneself; who flagged is not told. */
export interface ReportAboutMe extends Flag { categories: string[]; answered: boolean }
export function myReports(): Promise<{ made: MadeReport[]; about_me: ReportAboutMe[] }> {
  return api.get("/api/v1/reports/mine");
}
export function answer(report: string, text: string): Promise<unknown> {
  return api.post(`/api/v1/reports/${report}/answer`, { id: newId(), text });
}
export function appeal(of: string, text: string): Promise<{ appeal: string }> {
  return api.post("/api/v1/appeals", { id: newId(), act: of, text });
}
/** One's own appeal. `kind` is what was done, as in a record; `note` is the moderator's who decided. */
export interface MyAppeal {
  appeal: string; act: string; kind: string | null; room: string | null; at: string; text: string; state: "open" | "upheld" | "granted"; decided_at: string | null; note: string | null;
}
/** `acts`: what stands against this person themself and is not appealed against. */
export function myAppeals(): Promise<{ appeals: MyAppeal[]; acts: Act[] }> {
  return api.get("/api/v1/appeals/mine");
}

/** One thing to be looked at, of a kind that the server names. `urgency` 3 is the most urgent; identifiers in `excerpt` are blacked out as █. */
export interface Item {
  item: string; kind: string; title: { fr: string; en: string }; urgency: 0 | 1 | 2 | 3; at: string; room: string | null; room_title: string | null; categories: string[]; count: number;
  excerpt: string | null; person: Actor | null; claimed_by: Actor | null; claimed_until: string | null; state: "open" | "decided";
  room_kind: "group" | "case" | "private" | null; message: string | null; image: string | null; withheld: Withheld | null; decision: string | null;
}
/** What may be decided of an item, in both languages. */
export interface Decision { code: string; fr: string; en: string }
/** A message as the queue shows it, with its words though they are hidden, where it is the flagged one. */
export interface Neighbour extends Pick<MessageItem, "message" | "seq" | "at" | "form" | "withheld" | "body" | "images" | "actor"> {
  flagged: boolean; pinned: boolean;
  /** Those of its pictures that are withheld. */
  veiled: string[];
}
export interface ItemDetail {
  item: Item & { decided_at: string | null; note: string | null };
  message: Neighbour | null;
  /** Of a question and its card, hidden together, the other one: a decision shows both. */
  twin: { message: string; room: string; body: string | null } | null;
  /** Which words these are: given back with the decision. */
  base: number | null;
  /** The neighbours and the message itself, in order. */
  around: Neighbour[];
  /** `record`: how often this person's flags were upheld and dismissed lately, and whether they still count. */
  reports: { report: string; category: string; note: string; reporter: Actor | null; at: string; record: { upheld: number; dismissed: number; weighs: boolean } | null }[];
  author: { actor: Actor | null; since: string; messages: number; upheld: number; suspended_until: string | null; acts: Act[] } | null;
  answers: { at: string; text: string }[];
  act: Act | null;
  decisions: Decision[];
  /** Of a report on a private room: how far it is with one's own reading of it. */
  my_reading?: { reading: string; item: string; state: "asked" | "agreed" | "refused" | "over"; until: string | null } | null;
  // Of some kinds alone.
  appeal?: { appeal: string; at: string; text: string; about: string | null };
  reading?: { reading: string; asker: Actor | null; reason: string; until: string | null };
  standing?: { verification: string; register: string } | null;
  /** A held picture: how many faces and words the nets saw. Its pixels are shown to nobody but its author. */
  picture?: { image: string; state: string; width: number; height: number; faces: number; words: number } | null;
}
/** `claim_s`: how long a claim lasts without an act. */
export interface QueuePage { items: Item[]; room: string; next: string | null; claim_s: number }

const QUEUE = "/api/v1/moderation/queue";
/** `next` is what the page before said of itself. */
export function queue(of: { next?: string | null; items?: string[] } = {}): Promise<QueuePage> {
  return api.get(query(QUEUE, { before: of.next, items: of.items?.join(",") }));
}
export function detail(item: string): Promise<ItemDetail> {
  return api.get(`${QUEUE}/${item}`);
}
export function claim(item: string): Promise<{ claimed_until: string }> {
  return api.post(`${QUEUE}/${item}/claim`, { id: newId() });
}
export function release(item: string): Promise<unknown> {
  return api.post(`${QUEUE}/${item}/release`, { id: newId() });
}
/** `base` is the detail's. Rejects with item.changed where the words were edited since. */
export function decide(item: string, decision: string, note: string, base: number | null): Promise<unknown> {
  return api.post(`${QUEUE}/${item}/decide`, { id: newId(), decision, ...(note ? { note } : {}), ...(base === null ? {} : { base }) });
}
/** Someone's dismissed flags were looked at: they count again. */
export function pardon(reporter: string): Promise<unknown> {
  return api.post(`/api/v1/moderation/reporters/${reporter}/pardon`, { id: newId() });
}

/** What a room does, never what is said in it: posts per 5 minutes, the oldest first. */
export interface Watched {
  room: string; title?: string; code?: string | null; kind?: "group" | "case" | "private"; present: number; posts: number[]; flags: number;
  slow_mode: number; locked: boolean; moderators: Actor[]; expert?: unknown;
}
export function watch(rooms: string[]): Promise<{ rooms: Watched[] }> {
  return api.get(query("/api/v1/moderation/watch", { rooms: rooms.join(",") }), { tries: 0 });
}
export function askReading(report: string, reason: string): Promise<{ reading: string }> {
  return api.post("/api/v1/moderation/readings", { id: newId(), report, reason });
}
export function agreeReading(reading: string): Promise<unknown> {
  return api.post(`/api/v1/moderation/readings/${reading}/agree`, { id: newId() });
}

export type RuleKind = "words" | "pattern" | "rate" | "newcomer" | "links";
export interface RuleBody { kind: RuleKind; name_fr: string; name_en: string; data: Record<string, unknown>; action: "hint" | "hold" | "flag" }
/** Only what was tried goes live: a trial is of one version. */
export interface Rule extends RuleBody { rule: string; live: boolean; version: number; trial: Trial | null }
/** A dry run over the last 30 days, as far as it has got. `seen` and `found` count messages, `rooms` rooms. */
export interface Trial {
  version: number; at: string; finished_at: string | null; failed: boolean; rooms: number; rooms_done: number; seen: number; found: number; slowest_ms: number; sample: string[];
}

const RULES = "/api/v1/moderation/rules";
export function rules(): Promise<{ rules: Rule[] }> {
  return api.get(RULES);
}
export function writeRule(body: RuleBody): Promise<{ rule: string }> {
  return api.post(RULES, { id: newId(), ...body });
}
export function changeRule(id: string, body: RuleBody, live: boolean): Promise<Rule> {
  return api.put(`${RULES}/${id}`, { ...body, live });
}
export function oneRule(id: string): Promise<Rule> {
  return api.get(`${RULES}/${id}`);
}
export function removeRule(id: string): Promise<unknown> {
  return api.delete(`${RULES}/${id}`);
}
export function tryRule(id: string): Promise<unknown> {
  return api.post(`${RULES}/${id}/try`, {});
}
