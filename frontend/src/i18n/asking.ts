/** Words of asking a question: loaded with the form. */
import { wordsOf } from "./index";
import { inLang, p, plural } from "./pair";

const clinicians = { fr: (n: number) => `${n} ${plural.fr(n, "soignant", "soignants")}`, en: (n: number) => `${n} ${plural.en(n, "clinician", "clinicians")}` };

const asking = {
  title: p("Poser une question", "Ask a question"),
  vital: p("Urgence vitale ? Appelez le 15. Consult ne le remplace pas.", "Life-threatening? Call 15 (112). Consult is no substitute."),
  vitalCall: p("Appeler le 15", "Call 15"),
  oneSentence: p("Votre question en une phrase", "Your question in one sentence"),
  oneSentenceHint: p("Par exemple : arrêter la gliptine avant l’avis ?", "For example: stop the gliptin before the consultation?"),
  context: p("Contexte", "Background"),
  contextHint: p("Début, examen, traitements. Pas de nom, pas de date de naissance.", "Onset, findings, treatments. No name, no birth date."),
  optional: p("facultatif", "optional"),
  guessed: p((s: string) => `${s}, reconnue`, (s: string) => `${s}, recognised`),
  choose: p("Choisir…", "Choose…"),
  vitalChoice: p("Vitale", "Vital"),
  draftKept: p("Brouillon gardé", "Draft kept"),
  startAnew: p("Effacer le brouillon", "Delete the draft"),
  submit: p("Poser la question", "Ask the question"),
  toSettle: p((n: number) => `${n} ${plural.fr(n, "point à régler", "points à régler")}`, (n: number) => `${n} ${plural.en(n, "thing", "things")} to settle`),
  missing: p((list: string) => `Il manque : ${list}.`, (list: string) => `Missing: ${list}.`),
  missQuestion: p("la question", "the question"),
  missAudience: p("qui la verra", "who will see it"),
  missPeople: p("une personne", "a person"),
  missConsent: p("comment l’accord est noté", "how consent is recorded"),
  missTold: p("ce que le patient a accepté", "what the patient was told"),

  pictures: p("Photos", "Pictures"),
  addPictures: p("Ajouter des photos", "Add pictures"),
  picturesHint: p("Vous masquez avant l’envoi. Au plus six.", "You mask them before they are sent. At most six."),
  picturesWait: p("Les photos ne sont pas encore prêtes.", "The pictures are not ready yet."),

  patient: p("Le patient", "The patient"),
  patientWhat: p("âge, antécédents, déjà fait, craint", "age, history, done so far, feared"),
  age: p("Tranche d’âge", "Age band"),
  sex: p("Sexe", "Sex"),
  unsaid: p("Non précisé", "Not stated"),

  consent: p("Accord du patient", "Patient’s consent"),
  consentWhat: p("ce qui lui a été dit, comment c’est noté", "what they were told, how it is recorded"),
  consentForPictures: p("Une photo demande l’accord du patient : dites ici ce qui a été convenu.", "A picture needs the patient’s consent: state here what was agreed."),

  audience: p("Qui la verra", "Who will see it"),
  toGroups: p("Des groupes", "Groups"),
  toPeople: p("Des personnes", "People"),
  toAll: p("Tous les vérifiés", "All verified"),
  firstGroup: p("Groupe", "Group"),
  anotherGroup: p("Ajouter un groupe…", "Add a group…"),
  addPeople: p("Ajouter une personne", "Add a person"),
  remove: p((name: string) => `Enlever ${name}`, (name: string) => `Remove ${name}`),
  counting: p("Qui la verra : calcul en cours…", "Who will see it: being counted…"),
  seenGroups: p(
    (n: number, list: string) => `${clinicians.fr(n)} : ${list}, et qui rejoindra.`,
    (n: number, list: string) => `${clinicians.en(n)}: ${list}, and whoever joins.`,
  ),
  ofGroup: p((title: string, n: number) => `${title} (${n})`, (title: string, n: number) => `${title} (${n})`),
  seenPeople: p((n: number) => `Vous et ${n} ${plural.fr(n, "personne", "personnes")}. Personne d’autre.`, (n: number) => `You and ${n} ${plural.en(n, "person", "people")}. Nobody else.`),
  seenAll: p((n: number) => `Toute personne vérifiée sur Consult : ${n} aujourd’hui.`, (n: number) => `Everyone verified on Consult: ${n} today.`),
  notCounted: p("Le nombre n’a pas pu être demandé.", "The number could not be asked for."),

  similar: p((n: number) => `${n} ${plural.fr(n, "cas semblable", "cas semblables")}`, (n: number) => `${n} similar ${plural.en(n, "case", "cases")}`),
  similarHint: p("Votre brouillon reste ici.", "Your draft stays here."),
} as const;

export const askingWords = wordsOf((which) => inLang({ asking }, which).asking);
