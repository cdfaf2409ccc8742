/** Choices that belong to this device: theme, single keys, which side panels stand open. */
import { effect, signal, type Signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

/** A choice that this device remembers. */
export function kept<T>(key: string, first: T, valid: (value: unknown) => value is T): Signal<T> {
  let value = first;
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    if (valid(stored)) value = stored;
  } catch { /* A full or forbidden storage only costs the memory of a choice. */ }
  const made = signal(value);
  let started = false;
  effect(() => {
    const next = made.value;
    if (!started) return void (started = true);
    try { localStorage.setItem(key, JSON.stringify(next)); } catch { /* as above */ }
  });
  return made;
}

const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
const isTheme = (value: unknown): value is Theme => value === "system" || value === "light" || value === "dark";

export const theme = kept<Theme>("consult.theme", "system", isTheme);
export const singleKeys = kept<boolean>("consult.keys", true, isBoolean);
export const panelShown = kept<boolean>("consult.panel", true, isBoolean);
export const listShown = kept<boolean>("consult.list", true, isBoolean);

const media = (query: string) => {
  const list = matchMedia(query);
  const made = signal(list.matches);
  list.addEventListener("change", () => (made.value = list.matches));
  return made;
};
/** The layout's steps, in em so that a larger text size counts too. */
export const wide = media("(min-width: 80em)");
export const narrow = media("(max-width: 47.99em)");
/** A finger, where Enter had better begin a new line. */
export const touch = media("(pointer: coarse)");

export function applyTheme(): void {
  effect(() => {
    if (theme.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
  });
}
