/** Acts as a part of the page does them: busy meanwhile, refused in place, and the sheet brought up to what was done. */
import { signal, useSignal, type Signal } from "@preact/signals";
import { act, type Act, type Done, type Sheet } from "../../cases/sheet";
import { session, type RoomView } from "../../store";
import { readingOf } from "./useSheet";

export interface Acting { busy: Signal<boolean>; error: Signal<unknown>; run(what: () => Promise<Done>, then?: () => void): void; act(what: Act, then?: () => void): void }

export function useActing(view: RoomView): Acting {
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const run = (what: () => Promise<Done>, then?: () => void) => {
    if (busy.peek()) return;
    busy.value = true;
    error.value = null;
    // Done or refused, what is shown is behind.
    what().then(() => then?.(), (why: unknown) => (error.value = why)).finally(() => { busy.value = false; readingOf(view).again(); });
  };
  return { busy, error, run, act: (what, then) => run(() => act(view.id, what), then) };
}

/** An act on a message that was refused, to be said beside that message. */
export const refused = signal<{ message: string; why: unknown } | null>(null);

export function actOn(view: RoomView, message: string, what: Act): void {
  refused.value = null;
  act(view.id, what).catch((why: unknown) => (refused.value = { message, why })).finally(() => readingOf(view).again());
}

/** What opens over the room. */
/** What a moderator hides or, `back`, shows again; `label` as it is read. */
export interface Hiding { noun: "differential" | "reference"; id: string; label: string | null; back?: boolean }
export type Layer = { kind: "hide"; of: Hiding } | { kind: "outcome" | "withdraw" | "record" | "members" } | { kind: "reference"; message: string } | { kind: "consensus"; message?: string; differential?: string };
/** A moderator, and neither who wrote it nor who asked the case: whether the room is theirs to moderate the server says. */
export const mayHide = (sheet: Sheet, by: string | undefined): boolean => {
  const me = session.value.me;
  return !!me?.mod && by !== me.id && sheet.asker?.id !== me.id;
};
export const layer = signal<(Layer & { room: string }) | null>(null);
export const openLayer = (view: RoomView, what: Layer): void => { layer.value = { ...what, room: view.id }; };

let owner: string | undefined;
const words = new Map<string, Signal<string>>();

/** Words typed into one of the sheet's fields: they stay when it is closed, or refused, until they are sent; for this person alone. */
export function typed(view: RoomView, field: string): Signal<string> {
  const me = session.peek().me?.id;
  if (me !== owner) words.clear();
  owner = me;
  const key = `${view.id}/${field}`;
  let one = words.get(key);
  if (!one) words.set(key, (one = signal("")));
  return one;
}

/** These words have been sent: the field is emptied, unless it says something else by now. Whether it was. */
export function sentOf(field: Signal<string>, sent: string): boolean {
  const same = field.peek() === sent;
  if (same) field.value = "";
  return same;
}
