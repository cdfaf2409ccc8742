/** Who stands behind an answer or a diagnosis: clinicians, one tick each, filled where they are of the case's own specialty. */
import type { Specialties } from "../store";
import type { Answer, Counted, Differential, Sheet } from "./sheet";

/** The group that a specialty belongs to; null where either is not known. */
export function groupOf(specialty: string | null, all: Specialties | null): string | null {
  if (!specialty) return null;
  return all?.groups.find((group) => group.specialties.some((one) => one.code === specialty))?.code ?? null;
}

/** true: of the case's own specialty. Filled ones first; those beyond the names that are told are empty. */
export function ticks(of: Counted, group: string | null): boolean[] {
  const filled = of.people.filter((one) => group !== null && one.group === group).length;
  return Array.from({ length: of.count }, (_, at) => at < filled);
}

/** How many clinicians back any diagnosis: several may be backed by one. Of those that are named. */
export function voters(differentials: readonly Differential[]): number {
  return new Set(differentials.flatMap((one) => one.backers.people.map((person) => person.id))).size;
}

export function answerOf(sheet: Sheet | null, message: string): Answer | null {
  return sheet?.answers.find((one) => one.message === message) ?? null;
}

/** The newest proposal of a consensus that still has something to rest on, where none is declared. */
export function proposal(sheet: Sheet): Sheet["consensus"]["proposed"][number] | null {
  if (sheet.status === "consensus" || sheet.status === "closed") return null;
  return sheet.consensus.proposed.find((one) =>
    one.differential ? sheet.differentials.some((d) => d.differential === one.differential && !d.withheld)
      : sheet.answers.some((a) => a.message === one.message && !a.withheld && a.votes.agree.count >= sheet.consensus.rule.agree)) ?? null;
}

/** What the asker may turn the case into, as the server has it (consult/cases/status.py). */
export function nextSteps(sheet: Sheet): ("consensus" | "closed" | "reopened")[] {
  if (sheet.withheld) return [];
  const declarable = sheet.status !== "consensus" && sheet.status !== "closed" && sheet.figures.answers > 0;
  return [...(declarable ? ["consensus" as const] : []), sheet.status === "closed" ? "reopened" : "closed", ...(sheet.status === "consensus" ? ["reopened" as const] : [])];
}
