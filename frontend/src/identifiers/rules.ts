/** The rules of consult/identifiers/rules.json, compiled once: the server reads the same file. */
import data from "../../../consult/identifiers/rules.json";

export type Level = "block" | "confirm" | "hint";
export interface Rule {
  category: string; sign?: string; words?: string[]; group: number; check?: string;
  pattern: RegExp;
}
interface Raw { category: string; pattern: string; sign?: string; words?: string[]; group?: number; check?: string }

export const LEVELS = data.categories as Record<string, Level>;
export const FOLD = new Map([...data.fold.from].map((c, n) => [c, [...data.fold.to][n]!]));
export const DROPPED = new RegExp(data.dropped);
const signs = (some: Record<string, string>): [string, RegExp][] => Object.entries(some).map(([name, pattern]) => [name, new RegExp(pattern)]);
export const SIGNS = signs(data.signs);
export const SIGNS_OF_DIGITS = signs(data.signs_of_digits);
export const RULES: Rule[] = (data.rules as Raw[]).map((r) => ({ ...r, group: r.group ?? 0, pattern: new RegExp(r.pattern, "dg") }));
export const WORDS = Object.fromEntries(Object.entries(data.words).map(([name, words]) => [name, new Set(words.split(" "))])) as Record<keyof typeof data.words, Set<string>>;
export const PHONE_GROUPS = new Set(data.phone_groups.split(" "));
export const MONTHS = data.months as Record<string, number>;
export const BIRTH_BEFORE = new RegExp(data.birth.before);
export const BIRTH_AFTER = new RegExp(data.birth.after);
