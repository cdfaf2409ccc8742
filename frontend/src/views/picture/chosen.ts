/** What a tray of pictures gives to whoever sends them. */
import type { Mark } from "../../pictures/shapes";

export interface Chosen { images: string[]; marks: Map<string, Mark[]> }

export const NONE: Chosen = { images: [], marks: new Map() };
export const MOST = 6;
