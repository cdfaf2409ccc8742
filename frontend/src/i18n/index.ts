/** The words of the interface in the person's language: `words().room.send`. */
import { computed } from "@preact/signals";
import { locale } from "../store";
import { inLang, type Lang } from "./pair";
import { account } from "./account";
import { cases } from "./cases";
import { identifiers } from "./identifiers";
import { notices } from "./notices";
import { people } from "./people";
import { room } from "./room";
import { shell } from "./shell";

const dictionary = { shell, room, cases, people, account, notices, identifiers };
const perLang: Partial<Record<Lang, ReturnType<typeof build>>> = {};
const build = (lang: Lang) => inLang(dictionary, lang);

const current = computed(() => (perLang[locale.value] ??= build(locale.value)));

/** Read inside a component, so that it is drawn again when the language changes. */
export const words = () => current.value;
export const lang = () => locale.value;
export type Words = ReturnType<typeof words>;
