/** The words of the interface in the person's language: `words().room.send`. */
import { computed } from "@preact/signals";
import { locale } from "../store";
import { inLang, type Lang } from "./pair";
import { account } from "./account";
import { cases } from "./cases";
import { moderation } from "./moderation";
import { identifiers } from "./identifiers";
import { kept } from "./kept";
import { notices } from "./notices";
import { people } from "./people";
import { room } from "./room";
import { shell } from "./shell";

const dictionary = { shell, room, cases, people, account, notices, identifiers, moderation, kept };

/** A dictionary in the language of now, built once for each; read inside a component, so that it is drawn again when the language changes. */
export function wordsOf<W>(build: (lang: Lang) => W): () => W {
  const perLang: Partial<Record<Lang, W>> = {};
  const current = computed(() => (perLang[locale.value] ??= build(locale.value)));
  return () => current.value;
}

export const words = wordsOf((lang) => inLang(dictionary, lang));
export const lang = () => locale.value;
export type Words = ReturnType<typeof words>;
