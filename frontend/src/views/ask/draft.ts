/** The question being written, kept for its author on this device at each key. */
import type { PersonCard } from "../../types";
import type { Urgency } from "../../protocol";

export interface AskDraft {
  id: string; question: string; context: string; specialty: string; urgency: Urgency | "vital";
  audience: "group" | "people" | "all"; group: string; people: PersonCard[];
}

const key = (me: string) => `consult.ask.${me}`;
/** A client id made once: sending the same question again has no second effect. */
export const fresh = (specialty = ""): AskDraft => ({ id: crypto.randomUUID(), question: "", context: "", specialty, urgency: "today", audience: "group", group: "", people: [] });

export function readDraft(me: string): AskDraft | null {
  try {
    const kept = JSON.parse(localStorage.getItem(key(me)) ?? "null") as AskDraft | null;
    return kept && typeof kept.question === "string" && Array.isArray(kept.people) ? { ...fresh(), ...kept } : null;
  } catch {
    return null;
  }
}

export function keepDraft(me: string, draft: AskDraft | null): void {
  try {
    if (draft && (draft.question || draft.context)) localStorage.setItem(key(me), JSON.stringify(draft));
    else localStorage.removeItem(key(me));
  } catch { /* Without storage the page itself still holds the text. */ }
}

export type Missing = "question" | "specialty" | "group" | "people";
export function missing(draft: AskDraft): Missing[] {
  const out: Missing[] = [];
  if (draft.question.trim().length < 3) out.push("question");
  if (!draft.specialty) out.push("specialty");
  if (draft.audience === "group" && !draft.group) out.push("group");
  if (draft.audience === "people" && !draft.people.length) out.push("people");
  return out;
}
