/** The question being written, kept for its author on this device at each key. */
import { keepQuestion, keptQuestion } from "../../store";
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
  const kept = (keptQuestion() ?? fromBefore(me)) as AskDraft | null;
  return kept && typeof kept.question === "string" && Array.isArray(kept.people) ? { ...fresh(), ...kept } : null;
}

export function keepDraft(draft: AskDraft | null): void {
  keepQuestion(draft && (draft.question || draft.context) ? draft : null);
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

export type Missing = "question" | "specialty" | "group" | "people";
export function missing(draft: AskDraft): Missing[] {
  const out: Missing[] = [];
  if (draft.question.trim().length < 3) out.push("question");
  if (!draft.specialty) out.push("specialty");
  if (draft.audience === "group" && !draft.group) out.push("group");
  if (draft.audience === "people" && !draft.people.length) out.push("people");
  return out;
}
