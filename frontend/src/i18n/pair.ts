/** One word or sentence in both languages, side by side, so that a missing one is a type error. */

type Say<A extends never[]> = (...values: A) => string;
export type Pair = readonly [fr: string, en: string] | readonly [fr: Say<never[]>, en: Say<never[]>];
export type Lang = "fr" | "en";

export function p(fr: string, en: string): readonly [string, string];
export function p<A extends unknown[]>(fr: (...values: A) => string, en: (...values: A) => string): readonly [(...values: A) => string, (...values: A) => string];
export function p(fr: unknown, en: unknown): unknown {
  return [fr, en];
}

/** French puts a space before double punctuation; it must not break there. */
export function frenchSpaces(text: string): string {
  return text
    .replace(/ ([;?!])/g, "\u202f$1")
    .replace(/ ([:»])/g, "\u00a0$1")
    .replace(/« /g, "«\u00a0");
}

export type InLang<W> = { [G in keyof W]: { [K in keyof W[G]]: W[G][K] extends readonly [infer F, unknown] ? (F extends string ? string : F) : never } };

/** Every group of words in one language. */
export function inLang<W extends Record<string, Record<string, Pair>>>(words: W, lang: Lang): InLang<W> {
  const side = lang === "fr" ? 0 : 1;
  const spaced = (text: string) => (lang === "fr" ? frenchSpaces(text) : text);
  const out: Record<string, Record<string, unknown>> = {};
  for (const [group, pairs] of Object.entries(words)) {
    const said: Record<string, unknown> = (out[group] = {});
    for (const [name, pair] of Object.entries(pairs)) {
      const word = pair[side] as string | ((...values: unknown[]) => string);
      said[name] = typeof word === "string" ? spaced(word) : (...values: unknown[]) => spaced(word(...values));
    }
  }
  return out as InLang<W>;
}

/** French counts 0 and 1 as one; English only 1. */
export const plural = { fr: (n: number, one: string, many: string) => (Math.abs(n) < 2 ? one : many), en: (n: number, one: string, many: string) => (n === 1 ? one : many) };
