/** Why a message is hidden or a person silenced: read from the room's record when it is first shown, one request for all that wait. */
import { signal } from "@preact/signals";
import { query } from "../api";
import { words } from "../i18n";
import { api } from "../store";
import type { Act } from "./door";

/** How far back one looks for what is on the screen. */
const PAGES = 3;
/** What reports alone brought about has their categories as its reason: they have words. */
export function reasonWords(reason: string): string {
  const said = words().moderation as unknown as { [code: string]: unknown };
  return reason.split(", ").map((part) => (/^[a-z_]+$/.test(part) && typeof said[part] === "string" ? (said[part] as string) : part)).join(", ");
}

const known = signal<ReadonlyMap<string, Act>>(new Map());
const due = new Map<string, Set<string>>();
const asked = new Set<string>();

/** The act that hides this message, or (by a person's id) keeps them from writing here; undefined while it is not known. */
export function actOn(room: string, object: string): Act | undefined {
  const key = `${room}/${object}`;
  const act = known.value.get(key);
  if (!act && !asked.has(key)) {
    asked.add(key);
    const waiting = due.get(room);
    if (waiting) waiting.add(object);
    else {
      due.set(room, new Set([object]));
      queueMicrotask(() => void read(room));
    }
  }
  return act;
}

/** It is shown no more, or no longer so: the next time it is asked for anew. */
export function forget(room: string, object: string): void {
  const key = `${room}/${object}`;
  asked.delete(key);
  if (!known.peek().has(key)) return;
  const next = new Map(known.peek());
  next.delete(key);
  known.value = next;
}

async function read(room: string): Promise<void> {
  const wanted = due.get(room) ?? new Set<string>();
  due.delete(room);
  let before: string | null = null;
  try {
    for (let page = 0; page < PAGES && wanted.size; page++) {
      const answer: { acts: Act[]; more: boolean } = await api.get(query(`/api/v1/rooms/${room}/moderation`, { before, limit: 100 }));
      const found = new Map(known.peek());
      for (const act of answer.acts) {
        const object = act.kind === "message.hide" ? act.message : act.kind === "differential.hide" ? act.differential ?? null : act.kind === "reference.hide" ? act.reference ?? null : act.kind === "member.silence" && typeof act.person === "string" ? act.person : null;
        if (act.reversed || object === null || !wanted.delete(object)) continue;
        found.set(`${room}/${object}`, act);
      }
      known.value = found;
      before = answer.acts.at(-1)?.act ?? null;
      if (!answer.more) break;
    }
  } catch {
    // The line stands without its reason; where it is shown the next time, it is asked for again.
    for (const object of wanted) asked.delete(`${room}/${object}`);
  }
}
