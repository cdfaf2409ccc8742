/** Times as people say them: "14:05", "hier", "Lundi 23 novembre", "3 min". */
import { signal } from "@preact/signals";
import { lang } from "./index";
import type { Lang } from "./pair";

/** Moves every half minute, so that "hier" and "3 min" stay true on an open page. */
export const now = signal(Date.now());
if (typeof window !== "undefined") setInterval(() => (now.value = Date.now()), 30_000);

/** By hand, not by Intl, whose start costs a slow phone 70 ms before the first message can be drawn; the test compares the two. */
const dates = {
  fr: {
    days: ["dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"],
    months: ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
    short: ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
    yesterday: "hier", at: "à",
  },
  en: {
    days: ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
    months: ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    short: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"],
    yesterday: "yesterday", at: "at",
  },
};

const midnight = (at: number) => new Date(at).setHours(0, 0, 0, 0);
const daysAgo = (at: number, today: number) => Math.round((midnight(today) - midnight(at)) / 86_400_000);

const two = (n: number) => String(n).padStart(2, "0");

/** "14:05", in both languages. */
export function clock(at: string | number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function dayIn(locale: Lang, at: string, today: number): string {
  const date = new Date(at), { days, months } = dates[locale];
  const sameYear = date.getFullYear() === new Date(today).getFullYear();
  const said = `${days[date.getDay()]} ${date.getDate()} ${months[date.getMonth()]}${sameYear ? "" : ` ${date.getFullYear()}`}`;
  return said.charAt(0).toUpperCase() + said.slice(1);
}

/** The hour today, then "hier", then the date: what fits at the end of a line. */
export function briefIn(locale: Lang, at: string, today: number): string {
  const days = daysAgo(Date.parse(at), today);
  if (days <= 0) return clock(at);
  if (days === 1) return dates[locale].yesterday;
  const date = new Date(at), said = `${date.getDate()} ${dates[locale].short[date.getMonth()]}`;
  return date.getFullYear() === new Date(today).getFullYear() ? said : `${said} ${date.getFullYear()}`;
}

/** "23 novembre 2026 à 14:05". */
export function momentIn(locale: Lang, at: string): string {
  const date = new Date(at), { months, at: on } = dates[locale];
  return `${date.getDate()} ${months[date.getMonth()]} ${date.getFullYear()} ${on} ${clock(at)}`;
}

/** "jusqu’à 14:05" within a day, then with the date. */
export function untilIn(locale: Lang, at: string | number, today: number): string {
  const time = new Date(at), near = time.getTime() - today < 20 * 3_600_000;
  if (locale === "fr") return near ? `jusqu’à ${clock(at)}` : `jusqu’au ${momentIn(locale, time.toISOString())}`;
  return `until ${near ? clock(at) : momentIn(locale, time.toISOString())}`;
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

export const day = (at: string) => dayIn(lang(), at, now.value);
export const brief = (at: string) => briefIn(lang(), at, now.value);
export const until = (at: string | number) => untilIn(lang(), at, now.value);
export const lasting = (ms: number) => lastingIn(lang(), ms);
/** The whole moment, for a title or a screen reader. */
export const moment = (at: string) => momentIn(lang(), at);
