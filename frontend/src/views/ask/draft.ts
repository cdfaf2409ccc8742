/** The question being written, kept for its author on this device at each key; and what is sent of it. */
import { keepQuestion, keptQuestion } from "../../store";
import type { Confirmed, NewCase, PersonCard, RoomItem } from "../../types";
import type { Urgency } from "../../protocol";
import type { Kept } from "../../pictures/kept";

export const TEXTS = ["question", "context", "history", "done", "feared"] as const;
export type Text = (typeof TEXTS)[number];

export interface AskDraft extends Record<Text, string> {
  id: string; specialty: string; urgency: Urgency | "vital";
  age_band: string; sex: string;
  /** The patient's consent: what was told, how it is recorded. */
  told: string[]; recorded: string;
  audience: "group" | "people" | "all"; groups: string[]; people: PersonCard[];
  /** Pictures that the server has, where they expire when nobody sends them, or that are on their way. */
  pictures: Kept[];
}

/** The server's limits, in code points. */
export const LONGEST: Record<Text, number> = { question: 300, context: 7000, history: 2000, done: 2000, feared: 2000 };
const TITLE = 200;

const key = (me: string) => `consult.ask.${me}`;
/** A client id made once: sending the same question again has no second effect. */
export const fresh = (): AskDraft => ({
  id: crypto.randomUUID(), question: "", context: "", history: "", done: "", feared: "", specialty: "", urgency: "today", age_band: "", sex: "", told: [], recorded: "",
  audience: "group", groups: [], people: [], pictures: [],
});

export function readDraft(me: string): AskDraft | null {
  const kept = (keptQuestion() ?? fromBefore(me)) as (AskDraft & { group?: string }) | null;
  if (!kept || typeof kept.question !== "string" || !Array.isArray(kept.people)) return null;
  const { group, ...rest } = kept; // an earlier version knew one group
  return { ...fresh(), ...(group ? { groups: [group] } : {}), ...rest };
}

/** Whether there is something that its author would miss. */
export const begun = (draft: AskDraft): boolean => TEXTS.some((name) => draft[name]) || draft.pictures.length > 0 || !!(draft.age_band || draft.sex || draft.told.length || draft.recorded);

export function keepDraft(draft: AskDraft | null): void {
  keepQuestion(draft && begun(draft) ? draft : null);
}

/** An earlier version left it readable: it is taken away, and kept under lock. */
function fromBefore(me: string): unknown {
  const held = localStorage.getItem(key(me));
  if (held === null) return null;
  try {
    keepQuestion(JSON.parse(held));
  } catch {
    return null; // it was not ours to read
  } finally {
    localStorage.removeItem(key(me));
  }
  return keptQuestion();
}

export type Missing = "question" | "audience" | "people" | "told" | "recorded";
export function missing(draft: AskDraft): Missing[] {
  const out: Missing[] = [];
  if (draft.question.trim().length < 3) out.push("question");
  if (draft.audience === "group" && !draft.groups.length) out.push("audience");
  if (draft.audience === "people" && !draft.people.length) out.push("people");
  // A consent is stated whole or not at all.
  if (draft.recorded && !draft.told.length) out.push("told");
  if (draft.told.length && !draft.recorded) out.push("recorded");
  return out;
}

/** Whom it is for, as the server asks. The card is left in the first of the groups that one has joined, or else in the first; the others read all the same. */
export function readersOf(draft: Pick<AskDraft, "audience" | "groups" | "people">, joined: readonly Pick<RoomItem, "id" | "member">[]): { group?: string; groups?: string[]; people?: string[]; everyone?: boolean } {
  if (draft.audience === "all") return { everyone: true };
  if (draft.audience === "people") return { people: draft.people.map((one) => one.id) };
  const card = draft.groups.find((id) => joined.find((room) => room.id === id)?.member) ?? draft.groups[0];
  const others = draft.groups.filter((id) => id !== card);
  return { ...(card ? { group: card } : {}), ...(others.length ? { groups: others } : {}) };
}

/** The question's own words, or the first of them that a title has room for. */
export function titleOf(question: string): string {
  const said = question.trim().replace(/\s+/gu, " ");
  const points = [...said];
  if (points.length <= TITLE) return said;
  const cut = points.slice(0, TITLE).join("");
  return cut.slice(0, Math.max(cut.lastIndexOf(" "), TITLE / 2)).trim();
}

export function newCase(draft: AskDraft, joined: readonly Pick<RoomItem, "id" | "member">[], confirmed: Confirmed | null): NewCase {
  const question = draft.question.trim().replace(/\s+/gu, " ");
  const context = draft.context.trim();
  const said = Object.entries({ age_band: draft.age_band, sex: draft.sex, history: draft.history.trim(), done: draft.done.trim(), feared: draft.feared.trim() }).filter(([, value]) => value);
  return {
    id: draft.id, title: titleOf(question), question: context ? `${question}\n\n${context}` : question, specialty: draft.specialty, urgency: draft.urgency as Urgency,
    ...(said.length ? { template: Object.fromEntries(said) } : {}),
    ...(draft.recorded ? { consent: { told: draft.told, recorded: draft.recorded } } : {}),
    ...(confirmed ? { confirmed } : {}),
    ...readersOf(draft, joined),
  };
}
