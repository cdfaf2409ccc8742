/** What asking needs of the server before a question is posted: who would read it, and which cases are like it. */
import { api } from "../store";
import type { PersonCard, RoomItem } from "../store";

export interface Readers { group?: string; groups?: string[]; people?: string[]; everyone?: boolean }
/** `count`: clinicians beside oneself who may read it, as of now. */
export interface Audience { count: number; everyone: boolean; groups: { id: string; title: string; code: string | null; members: number }[]; people: PersonCard[] }

/** Rejects with what asking would be refused for. */
export function audience(of: Readers, signal: AbortSignal): Promise<Audience> {
  return api.post("/api/v1/cases/audience", of, { signal });
}

/** At most five; nothing of the draft is kept there. */
export async function similar(title: string, question: string, signal: AbortSignal): Promise<RoomItem[]> {
  return (await api.post<{ cases: RoomItem[] }>("/api/v1/cases/similar", { title, question }, { signal })).cases;
}
