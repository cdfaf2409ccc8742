/** What a tray of pictures gives to whoever sends them, and what is kept of it on this device. */
import type { Mark } from "../../pictures/shapes";

/** A picture that the server has, with the marks that go with it; never its pixels. */
export interface Kept { image: string; marks: Mark[] }
export interface Chosen { images: string[]; marks: Map<string, Mark[]> }

export const NONE: Chosen = { images: [], marks: new Map() };
export const MOST = 6;
