/** Words of Pro Santé Connect; the server's refusals bring their own. */
import { wordsOf } from "./index";
import { inLang, p } from "./pair";

const proSante = {
  by: p("S’identifier avec Pro Santé Connect", "Sign in with Pro Santé Connect"),
  coming: p("Retour de Pro Santé Connect…", "Back from Pro Santé Connect…"),
  signInTitle: p("Pro Santé Connect", "Pro Santé Connect"),
  again: p("Recommencer", "Start again"),
  otherwise: p("Se connecter autrement", "Sign in another way"),
  toMe: p("Retour à « Moi »", "Back to “Me”"),
  addressTitle: p("Votre adresse e-mail", "Your e-mail address"),
  addressText: p("Pro Santé Connect vous a reconnu, et votre compte est presque prêt. Il manque l’adresse à laquelle Consult vous écrit.", "Pro Santé Connect knows you, and your account is nearly ready. It needs the address at which Consult writes to you."),
  create: p("Créer mon compte", "Create my account"),
  linkTitle: p("Pro Santé Connect", "Pro Santé Connect"),
  linkText: p("Relié à ce compte, il vous connecte sans mot de passe et prouve votre exercice.", "Linked to this account, it signs you in without a password and proves your practice."),
  linkOne: p("Relier Pro Santé Connect", "Link Pro Santé Connect"),
  linkFirst: p("Votre mot de passe d’abord ; puis Pro Santé Connect vous demande de vous identifier.", "Your password first; then Pro Santé Connect asks you to sign in."),
  go: p("Continuer", "Continue"),
  linked: p("Relié à ce compte : vous pouvez vous connecter avec.", "Linked to this account: you can sign in with it."),
  nowLinked: p("Pro Santé Connect est relié à votre compte.", "Pro Santé Connect is linked to your account."),
} as const;

export const proSanteWords = wordsOf((which) => inLang({ proSante }, which).proSante);
