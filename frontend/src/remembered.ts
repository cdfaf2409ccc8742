/** Who was signed in at this browser last, so that the app opens before, and without, an answer of the server. Their address is not kept. */
import type { Me } from "./types";

const KEY = "consult.me";

export function remember(me: Me): void {
  try {
    if (me.verification === "verified") localStorage.setItem(KEY, JSON.stringify({ ...me, email: "" }));
    else localStorage.removeItem(KEY);
  } catch {
    // A full or forbidden storage costs only the start without a network.
  }
}

export function forget(): void {
  localStorage.removeItem(KEY);
}

export function remembered(): Me | null {
  try {
    const held = JSON.parse(localStorage.getItem(KEY) ?? "null") as Partial<Me> | null;
    return held && typeof held.id === "string" && held.verification === "verified" && Array.isArray(held.roles) ? (held as Me) : null;
  } catch {
    return null;
  }
}
