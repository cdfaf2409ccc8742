/** Times as people say them: "14:05", "hier", "Lundi 23 novembre", "3 min". */
import { signal } from "@preact/signals";
import { lang } from "./index";
import type { Lang } from "./pair";

/** Moves every half minute, so that "hier" and "3 min" stay true on an open page. */
export const now = signal(Date.now());
if (typeof window !== "undefined") setInterval(() => (now.value = Date.now()), 30_000);

const tongue = { fr: "fr-FR", en: "en-GB" } as const;
const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: Lang, key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const id = locale + key;
  let made = formats.get(id);
  if (!made) formats.set(id, (made = new Intl.DateTimeFormat(tongue[locale], options)));
  return made;
}

const midnight = (at: number) => new Date(at).setHours(0, 0, 0, 0);
const daysAgo = (at: number, today: number) => Math.round((midnight(today) - midnight(at)) / 86_400_000);

export function clockIn(locale: Lang, at: string | number): string {
  return format(locale, "clock", { hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

export function dayIn(locale: Lang, at: string, today: number): string {
  const date = new Date(at);
  const sameYear = date.getFullYear() === new Date(today).getFullYear();
  const said = sameYear
    ? format(locale, "day", { weekday: "long", day: "numeric", month: "long" }).format(date)
    : format(locale, "dayyear", { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(date);
  return said.charAt(0).toUpperCase() + said.slice(1);
}

/** The hour today, then "hier", then the date: what fits at the end of a line. */
export function briefIn(locale: Lang, at: string, today: number): string {
  const days = daysAgo(Date.parse(at), today);
  if (days <= 0) return clockIn(locale, at);
  if (days === 1) return locale === "fr" ? "hier" : "yesterday";
  const old = new Date(at).getFullYear() !== new Date(today).getFullYear();
  return format(locale, old ? "old" : "short", old ? { day: "numeric", month: "short", year: "numeric" } : { day: "numeric", month: "short" }).format(new Date(at));
}

/** How long something took, in its one largest unit. */
export function lastingIn(locale: Lang, ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  if (minutes < 60) return `${minutes}\u00a0min`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return `${hours}\u00a0h`;
  const days = Math.round(hours / 24);
  return locale === "fr" ? `${days}\u00a0jours` : `${days}\u00a0days`;
}

export const clock = (at: string | number) => clockIn(lang(), at);
export const day = (at: string) => dayIn(lang(), at, now.value);
export const brief = (at: string) => briefIn(lang(), at, now.value);
export const lasting = (ms: number) => lastingIn(lang(), ms);
/** The whole moment, for a title or a screen reader. */
export const moment = (at: string) => format(lang(), "moment", { dateStyle: "long", timeStyle: "short" }).format(new Date(at));
