/** Names of people known only by id, asked for once and kept while the page is open. */
import { signal } from "@preact/signals";
import { person } from "../../store";
import type { Actor } from "../../protocol";
import { words } from "../../i18n";

const known = signal<Readonly<Record<string, string>>>({});
const asked = new Set<string>();

export function learn(people: readonly (Pick<Actor, "id" | "name"> | null)[]): void {
  for (const one of people) if (one?.name && !known.peek()[one.id]) known.value = { ...known.peek(), [one.id]: one.name };
}

export function nameOf(id: string, actor: Actor | null): string {
  if (actor?.id === id && actor.name) return actor.name;
  const name = known.value[id];
  if (!name && !asked.has(id)) {
    asked.add(id);
    // Another try comes with the next page; a missing name is no error worth a bar.
    person(id).then((card) => learn([card]), () => undefined);
  }
  return name ?? words().room.someone;
}
