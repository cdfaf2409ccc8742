/** What a screen reader is told, and the short note that others see: one polite region for the whole page. */
import { signal } from "@preact/signals";
import { words } from "../../i18n";

const spoken = signal("");
const shown = signal<{ text: string; action?: { label: string; run: () => void } } | null>(null);
let hide: ReturnType<typeof setTimeout> | undefined;

export function say(text: string): void {
  // The same sentence twice in a row is otherwise not a change, and not spoken.
  spoken.value = spoken.value === text ? `${text}\u00a0` : text;
}

/** Seen by all, spoken too; goes by itself. */
export function toast(text: string, action?: { label: string; run: () => void }): void {
  shown.value = { text, action };
  say(text);
  clearTimeout(hide);
  hide = setTimeout(() => (shown.value = null), action ? 10_000 : 4_000);
}

interface Heard { name: string; text: string }
let waiting: Heard[] = [];
let joining: ReturnType<typeof setTimeout> | undefined;

/** Other people's messages are joined for 3 s; a mention is said at once. */
export function heard(message: Heard, now = false): void {
  const t = words().room;
  if (now) return say(t.announceMention(message.name, message.text));
  waiting.push(message);
  joining ??= setTimeout(() => {
    const last = waiting[waiting.length - 1]!;
    say(waiting.length === 1 ? t.announceOne(last.name, last.text) : t.announceMany(waiting.length, last.name));
    waiting = [];
    joining = undefined;
  }, 3_000);
}

/** Nothing of what was said stays in the page, and what waits to be said is not. */
export function hush(): void {
  clearTimeout(joining);
  clearTimeout(hide);
  joining = undefined;
  waiting = [];
  spoken.value = "";
  shown.value = null;
}

export function Announcer() {
  const note = shown.value;
  return (
    <>
      <div class="unseen" aria-live="polite" aria-atomic="true">{spoken.value}</div>
      {note && (
        <div class="toasts">
          <div class="toast">
            <span class="grow">{note.text}</span>
            {note.action && <button type="button" onClick={() => { note.action!.run(); shown.value = null; }}>{note.action.label}</button>}
          </div>
        </div>
      )}
    </>
  );
}
