/** Words of the composer's hints: what an administrator's rule says of a text being written. */
import { wordsOf } from "./index";
import { inLang, p } from "./pair";

export const hintWords = wordsOf((lang) => inLang({ hints: {
  about: p((rule: string) => `Une règle de modération concerne ce texte : ${rule}. Vous pouvez l’envoyer tel quel.`, (rule: string) => `A moderation rule is about this text: ${rule}. You may send it as it is.`),
} }, lang).hints);
