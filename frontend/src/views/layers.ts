/** Which layers over the whole page are open. */
import { signal } from "@preact/signals";

export const switcher = signal(false);
export const keyMap = signal(false);
export const listDrawer = signal(false);
/** The case sheet as a layer, where there is no room for it beside the room. */
export const caseSheet = signal(false);
export const signingOut = signal(false);
