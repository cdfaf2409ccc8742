/** Which layers over the whole page are open. */
import { signal } from "@preact/signals";

export const switcher = signal(false);
export const keyMap = signal(false);
export const listDrawer = signal(false);
/** The case sheet as a layer, where there is no room for it beside the room. */
export const caseSheet = signal(false);
/** Open items of the queue, for a moderator; kept by moderation/waiting.ts. */
export const itemsWaiting = signal(0);
export const signingOut = signal(false);

/** What is open of moderation: its scripts come when it first is. `then` hears whether the layer was still open. */
export type Moderating =
  | { kind: "report"; of: { room?: string; message?: string; image?: string; person?: string }; images?: string[]; name?: string }
  | { kind: "record"; room: string }
  | { kind: "appeal"; act: string }
  | { kind: "mine" }
  | { kind: "enter"; room: string; then?: (still: boolean) => void }
  | { kind: "tray"; room: string; message: string | null };
export const moderating = signal<Moderating | null>(null);
/** Closes this layer alone: an answer that comes late finds another there. True where it was still open. */
export function shut(layer: Moderating): boolean {
  const open = moderating.peek() === layer;
  if (open) moderating.value = null;
  return open;
}
/** Where the person changes. */
export function closeLayers(): void {
  for (const one of [switcher, keyMap, listDrawer, caseSheet, signingOut]) one.value = false;
  moderating.value = null;
}
