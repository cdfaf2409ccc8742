/** Marks that wait for their message to arrive, by picture; each with the client id that it will be kept under. */
import type { Mark } from "../../pictures/shapes";

export const waitingMarks = new Map<string, { id: string; drawn: Mark }[]>();
