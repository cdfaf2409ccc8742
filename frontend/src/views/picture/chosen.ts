/** What a tray of pictures gives to whoever sends them. */
import type { DrawnOn } from "../../pictures/laying";

export interface Chosen { images: string[]; marks: DrawnOn[] }

export const NONE: Chosen = { images: [], marks: [] };
export const MOST = 6;
