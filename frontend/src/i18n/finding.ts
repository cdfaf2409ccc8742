/** Words of finding cases: the feed, its filters, search, what one follows, collections. Loaded with them. */
import { wordsOf } from "./index";
import { inLang, p, plural } from "./pair";

const finding = {
  title: p("Cas", "Cases"),
  places: p("Trouver un cas", "Find a case"),
  feed: p("Pour vous", "For you"),
  search: p("Chercher", "Search"),
  follows: p("Suivis", "Followed"),
  collections: p("Collections", "Collections"),

  show: p("Montrer", "Show"),
  all: p("Tous", "All"),
  specialty: p("Spécialité", "Specialty"),
  anySpecialty: p("Toutes", "All"),
  status: p("Statut", "Status"),
  anyStatus: p("Tous", "Any"),
  feedNone: p("Aucun cas ici.", "No case here."),
  feedNoneHint: p("Le fil montre les cas des trente derniers jours. Les plus anciens se trouvent par la recherche.", "The feed shows the cases of the last thirty days. Older ones are found by search."),
  without: p("Enlever les filtres", "Remove the filters"),
  feedOf: p((n: number, more: boolean) => `${n} ${plural.fr(n, "cas", "cas")}${more ? ", et d’autres" : ""}`, (n: number, more: boolean) => `${n} ${plural.en(n, "case", "cases")}${more ? ", and more" : ""}`),

  because: p((list: string) => `Ici parce que : ${list}`, (list: string) => `Here because: ${list}`),

  words: p("Mots du titre, de la question, du contexte", "Words of title, question, background"),
  pictures: p("Photos", "Pictures"),
  withOrNot: p("Avec ou sans", "With or without"),
  withPicture: p("Avec photo", "With a picture"),
  withoutPicture: p("Sans photo", "Without a picture"),
  since: p("Posés depuis le", "Asked since"),
  until: p("Jusqu’au", "Until"),
  filters: p("Filtres", "Filters"),
  searchHint: p("Des mots, ou des filtres seuls : les plus récents d’abord.", "Words, or filters alone: the newest first."),
  searchNone: p("Aucun cas ne répond à cette recherche.", "No case matches this search."),
  searchOn: p("Chercher plus loin", "Search further"),

  follow: p("Suivre", "Follow"),
  unfollow: p("Ne plus suivre", "Unfollow"),
  followed: p("Suivi", "Followed"),
  followCase: p((title: string) => `Suivre : ${title}`, (title: string) => `Follow: ${title}`),
  followedCase: p((title: string) => `Suivi : ${title}`, (title: string) => `Followed: ${title}`),
  followSpecialty: p((name: string) => `Suivre ${name}`, (name: string) => `Follow ${name}`),
  unfollowName: p((name: string) => `Ne plus suivre ${name}`, (name: string) => `Unfollow ${name}`),
  followPerson: p((name: string) => `Suivre les cas de ${name}`, (name: string) => `Follow the cases of ${name}`),
  followedPerson: p((name: string) => `Cas suivis : ${name}`, (name: string) => `Cases followed: ${name}`),
  followsHint: p("Les cas de ces spécialités et de ces confrères passent en tête de votre fil. Personne n’en est averti.", "Cases of these specialties and colleagues come first in your feed. Nobody is told."),
  followedSpecialties: p("Spécialités", "Specialties"),
  followedPeople: p("Confrères", "Colleagues"),
  addSpecialty: p("Suivre une spécialité…", "Follow a specialty…"),
  addPerson: p("Suivre un confrère", "Follow a colleague"),
  noSpecialty: p("Vous ne suivez aucune autre spécialité que la vôtre.", "You follow no specialty beside your own."),
  noPerson: p("Vous ne suivez aucun confrère.", "You follow no colleague."),

  keep: p("Ranger", "Save"),
  keepCase: p((title: string) => `Ranger dans une collection : ${title}`, (title: string) => `Save into a collection: ${title}`),
  keepTitle: p("Ranger dans une collection", "Save into a collection"),
  collectionsHint: p("Vos collections ne sont vues de personne d’autre et ne donnent aucun droit de lire.", "Nobody else sees your collections, and they give no right to read."),
  collectionName: p("Nom de la collection", "Name of the collection"),
  newCollection: p("Nouvelle collection", "New collection"),
  create: p("Créer", "Create"),
  rename: p("Renommer", "Rename"),
  renameOf: p((name: string) => `Renommer ${name}`, (name: string) => `Rename ${name}`),
  drop: p("Supprimer", "Delete"),
  dropOf: p((name: string) => `Supprimer ${name}`, (name: string) => `Delete ${name}`),
  dropSure: p((name: string) => `Supprimer la collection « ${name} » ? Les cas restent où ils sont.`, (name: string) => `Delete the collection “${name}”? The cases stay where they are.`),
  done: p("Terminé", "Done"),
  takeOut: p("Sortir", "Take out"),
  takeOutOf: p((title: string) => `Sortir de la collection : ${title}`, (title: string) => `Take out of the collection: ${title}`),
  count: p((n: number) => `${n} cas`, (n: number) => `${n} ${plural.en(n, "case", "cases")}`),
  noCollection: p("Aucune collection pour l’instant.", "No collection yet."),
  emptyCollection: p("Cette collection est vide.", "This collection is empty."),
  emptyCollectionHint: p("Le bouton « Ranger » sous un cas l’y met.", "The button “Save” under a case puts it here."),
  gone: p("Cette collection n’existe plus.", "This collection no longer exists."),
  backToAll: p("Toutes les collections", "All collections"),
} as const;

const only = {
  unanswered: p("Sans réponse", "Unanswered"),
  urgent: p("Urgents", "Urgent"),
  my_specialties: p("Mes spécialités", "My specialties"),
  following: p("Suivis", "Followed"),
  mine: p("Les miens", "Mine"),
} as const;

/** Why a case stands where it stands. */
const reasons = {
  urgent: p("réponse voulue aujourd’hui", "wanted today"),
  hour: p("réponse voulue sous 1 h", "wanted within 1 h"),
  unanswered: p("sans réponse", "unanswered"),
  addressed: p("adressé à vous", "addressed to you"),
  my_specialty: p("votre spécialité", "your specialty"),
  followed_specialty: p("spécialité suivie", "a specialty you follow"),
  followed_person: p("confrère suivi", "a colleague you follow"),
  following: p("vous le suivez", "you follow it"),
} as const;

export const findingWords = wordsOf((which) => inLang({ finding, only, reasons }, which));
