/** Words of passkeys, beside what they are for: uncovering the screen. */
import { wordsOf } from "./index";
import { inLang, p } from "./pair";

const passkeys = {
  title: p("Clés d’accès", "Passkeys"),
  intro: p("Le doigt, le visage ou le code de votre appareil découvre l’écran à la place du mot de passe. On ne se connecte pas avec.", "Your device’s finger, face or code uncovers the screen in the place of the password. Nobody signs in with it."),
  none: p("Aucune clé d’accès.", "No passkey."),
  unable: p("Cette adresse n’en permet pas : il faut un nom de domaine.", "This address allows none: it needs a domain name."),
  unsupported: p("Ce navigateur n’en permet pas.", "This browser allows none."),
  addOne: p("Ajouter une clé d’accès", "Add a passkey"),
  addTitle: p("Ajouter une clé d’accès", "Add a passkey"),
  addText: p("Votre mot de passe d’abord ; puis votre appareil vous demande de confirmer.", "Your password first; then your device asks you to confirm."),
  label: p("Nom de la clé", "Name of the key"),
  go: p("Continuer", "Continue"),
  added: p("Clé d’accès ajoutée.", "Passkey added."),
  unnamed: p("Clé sans nom", "Unnamed key"),
  made: p((at: string) => `Ajoutée ${at}`, (at: string) => `Added ${at}`),
  used: p((at: string) => `Utilisée ${at}`, (at: string) => `Used ${at}`),
  remove: p("Retirer", "Remove"),
  removeNamed: p((name: string) => `Retirer ${name}`, (name: string) => `Remove ${name}`),
  removed: p("Clé d’accès retirée.", "Passkey removed."),
  by: p("Découvrir avec une clé d’accès", "Uncover with a passkey"),
  or: p("ou avec le mot de passe", "or with the password"),
  cancelled: p("Rien n’a été confirmé. Réessayez, ou prenez votre mot de passe.", "Nothing was confirmed. Try again, or use your password."),
  known: p("Cet appareil a déjà une clé d’accès de ce compte.", "This device already has a passkey of this account."),
} as const;

export const passkeyWords = wordsOf((which) => inLang({ passkeys }, which).passkeys);
