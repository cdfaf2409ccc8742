/** From the sheet to a message of the room, and the words of one that is loaded here. */
import type { ComponentChildren } from "preact";
import type { Line, RoomView } from "../../store";
import { locate } from "../../store";
import { toast } from "../parts/announce";
import { words } from "../../i18n";
import { caseSheet } from "../layers";

type MessageLine = Extract<Line, { type: "message" }>;

export function lineOf(view: RoomView, message: string): MessageLine | undefined {
  return view.lines.value.find((line): line is MessageLine => line.type === "message" && line.item.message === message);
}

export const bodyOf = (view: RoomView, message: string): string | null => lineOf(view, message)?.item.body ?? null;

/** The sheet makes way where it lies over the room. */
export function jumpTo(view: RoomView, message: string, seq: number | null): void {
  caseSheet.value = false;
  const there = seq === null ? locate(message).then((at) => at.seq) : Promise.resolve(seq);
  there.then((at) => view.jumpTo(at)).catch((why: unknown) => toast(why instanceof Error ? why.message : words().shell.errorTitle));
}

export function Jump({ view, message, seq, label, tab, children }: { view: RoomView; message: string; seq: number | null; label?: string; tab?: number; children: ComponentChildren }) {
  return <button type="button" class="link reach" aria-label={label} tabIndex={tab} onClick={() => jumpTo(view, message, seq)}>{children}</button>;
}
