/** Mentions while one writes: find the "@…" at the caret, put a name in, and keep spans true as the text changes. */
import type { Mention } from "../../protocol";

const length = (text: string) => [...text].length;

/** The word after "@" up to the caret (UTF-16 offsets), or null where no mention is being typed. */
export function mentionAt(body: string, caret: number): { start: number; query: string } | null {
  const before = body.slice(0, caret);
  const found = /(?:^|[\s(«])@([\p{L}\p{N}'’.-]*(?: [\p{L}'’-]{0,20}){0,2})$/u.exec(before);
  if (!found) return null;
  const query = found[1]!;
  return { start: caret - query.length - 1, query };
}

/** Spans after an edit: those before it stay, those after it move, those it touched are no mention any more. */
export function shiftMentions(before: string, after: string, mentions: Mention[]): Mention[] {
  if (!mentions.length || before === after) return mentions;
  const a = [...before], b = [...after];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const end = a.length - tail;
  const moved = b.length - a.length;
  return mentions.flatMap((one) => {
    if (one.start + one.length <= head) return [one];
    if (one.start >= end) return [{ ...one, start: one.start + moved }];
    return [];
  });
}

/** Replaces the "@…" being typed by a person's name and a space. */
export function insertMention(body: string, start: number, caret: number, person: { id: string; name: string }, mentions: Mention[]): { body: string; mentions: Mention[]; caret: number } {
  const said = `@${person.name}`;
  const rest = body.slice(caret);
  const gap = /^[\s,.;:!?)]/.test(rest) ? "" : " ";
  const after = body.slice(0, start) + said + gap + rest;
  const kept = shiftMentions(body, after, mentions);
  const span = { person: person.id, start: length(body.slice(0, start)), length: length(said) };
  return { body: after, mentions: [...kept.filter((one) => one.start !== span.start), span].sort((x, y) => x.start - y.start), caret: start + said.length + gap.length };
}

/** The body as it is sent: edges trimmed, with the spans moved along. */
export function trimmed(body: string, mentions: Mention[]): { body: string; mentions: Mention[] } {
  const cut = length(body) - length(body.trimStart());
  const text = body.trim();
  const end = length(text);
  return { body: text, mentions: mentions.map((one) => ({ ...one, start: one.start - cut })).filter((one) => one.start >= 0 && one.start + one.length <= end) };
}
