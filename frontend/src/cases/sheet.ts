/** The HTTP doors of a case's sheet: reading it, acting on it, saying how far it is, the patient's consent. Loaded with the first case. */
import type { CaseStatus, MessageItem, Urgency, Withheld } from "../protocol";
import { api } from "../store";
import type { Head, PersonCard } from "../store";

export type Doubt = MessageItem["doubt"];
export type Vote = "agree" | "disagree";
export const VERDICTS = ["confirmed", "other", "unclear"] as const;
export type Verdict = (typeof VERDICTS)[number];
export const TOLD = ["advice", "readers", "pictures", "teaching", "withdrawal"] as const;
export type Told = (typeof TOLD)[number];
export const RECORDED = ["oral", "written", "representative"] as const;
export type Recorded = (typeof RECORDED)[number];

/** `people` names at most 50 of `count`. */
export interface Counted { count: number; people: PersonCard[] }
export interface Reference { reference: string; kind: "doi" | "link"; link: string; by: PersonCard | null; at: string }
/** An answer of which something is said. `former`: votes for earlier words, no longer counted. */
export interface Answer {
  message: string; seq: number; version: number; actor: PersonCard | null; withheld: Withheld | null; doubt: Doubt;
  votes: { agree: Counted; disagree: Counted; former: number; mine: Vote | null };
  references: Reference[];
  /** It changed after somebody relied on it; `former` is what they saw. */
  amended: { at: string; accepted: boolean; former: string | null } | null;
}
export interface Differential { differential: string; label: string | null; withheld: Withheld | null; by: PersonCard | null; at: string; backers: Counted; mine: boolean }
/** On what a consensus rests; both null: on nothing that was said. */
export interface Rests { message: string | null; differential: string | null }
export interface Outcome { message: string; seq: number; verdict: Verdict; at: string; withheld: Withheld | null }
export interface Template { age_band: string | null; sex: string | null; history: string | null; done: string | null; feared: string | null }
export interface Consent { told: Told[]; recorded: Recorded; at: string; withdrawn_at: string | null }
export interface Sheet {
  room: string; as_of: Head; title: string; question: { message: string; body: string | null }; template: Template | null; consent: Consent | null;
  asker: PersonCard | null; specialty: string | null; urgency: Urgency; status: CaseStatus; status_at: string | null; status_by: PersonCard | null; opened_at: string;
  audience: { groups: { id: string; title: string; code: string | null }[]; people: number; everyone: boolean };
  figures: { answers: number; answered_by: number; first_answer_at: string | null; first_answer_s: number | null; consensus_at: string | null; consensus_s: number | null };
  accepted: { message: string; seq: number; at: string | null; actor: PersonCard | null; excerpt: string | null; withheld: Withheld | null; doubt: Doubt } | null;
  answers: Answer[]; differentials: Differential[];
  consensus: { rule: { agree: number; disagree: number }; proposed: (Rests & { at: string })[]; declared: (Rests & { at: string }) | null };
  outcomes: Outcome[]; following: boolean; withheld: Withheld | null;
}
/** What an act does: the command of the protocol without `ref`, `room` and `id`. */
export type Act =
  | { type: "answer.accept"; message: string; base: number } | { type: "answer.unaccept"; message: string }
  | { type: "vote.give"; message: string; base: number; vote: Vote } | { type: "vote.withdraw"; message: string }
  | { type: "differential.propose"; label: string } | { type: "differential.back" | "differential.unback" | "differential.withdraw"; differential: string }
  | { type: "reference.add"; message: string; link: string } | { type: "reference.remove"; reference: string }
  | { type: "outcome.tell"; body: string; verdict: Verdict };
/** `seq`: of the event that says so. */
export interface Done { seq: number; unchanged?: boolean }

const newId = (): string => crypto.randomUUID();
const at = (room: string): string => `/api/v1/cases/${room}`;

export const readSheet = (room: string): Promise<Sheet> => api.get(at(room));
/** Repeated with the same id by the door where the network fails, so it has one effect. Rejects with a Refusal. */
export const act = (room: string, what: Act): Promise<Done> => api.post(`${at(room)}/acts`, { id: newId(), ...what });
export function setStatus(room: string, status: CaseStatus, rests: Partial<Rests> = {}): Promise<Done> {
  const { message, differential } = rests;
  return api.post(`${at(room)}/status`, { id: newId(), status, ...(message ? { message } : {}), ...(differential ? { differential } : {}) });
}
export const recordConsent = (room: string, told: Told[], recorded: Recorded): Promise<Done> => api.post(`${at(room)}/consent`, { id: newId(), told, recorded });
export const withdrawConsent = (room: string): Promise<Done> => api.post(`${at(room)}/consent/withdrawal`, { id: newId() });
export const exportOf = (room: string, format: "pdf" | "fhir"): string => `${at(room)}/export?format=${format}`;
