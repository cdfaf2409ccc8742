/** Words of asking, of the list of cases and of search. */
import { p, plural } from "./pair";

export const cases = {
  title: p("Cas", "Cases"),
  none: p("Aucune question en attente. Profitez-en.", "No question is waiting. Enjoy it."),
  sheetTitle: p("Fiche du cas", "Case sheet"),
  specialty: p("Spécialité", "Specialty"),
  group: p("Groupe", "Group"),

  choose: p("Choisir…", "Choose…"),
  wanted: p("Réponse souhaitée", "Answer wanted"),
  makeTitle: p("En faire un cas", "Turn into a case"),
  caseTitle: p("Titre du cas", "Title of the case"),
  makeNote: p("Le message ouvre sa propre salle ; le groupe garde une carte qui suit son statut.", "The message opens its own room; the group keeps a card that follows its status."),
  make: p("Ouvrir le cas", "Open the case"),

  searchTitle: p("Chercher", "Search"),
  searchField: p("Chercher dans vos salles", "Search your rooms"),
  searchHint: p("Un mot, plusieurs, ou #étiquette.", "A word, several, or #tag."),
  inRoom: p((title: string) => `Dans ${title}`, (title: string) => `In ${title}`),
  everywhere: p("Partout", "Everywhere"),
  found: p((n: number, more: boolean) => (n === 0 ? "Aucun résultat" : `${n}${more ? " premiers" : ""} ${plural.fr(n, "résultat", "résultats")}`), (n: number, more: boolean) => (n === 0 ? "No result" : `${more ? "First " : ""}${n} ${plural.en(n, "result", "results")}`)),
  foundNone: p("Aucun message ne répond à cette recherche.", "No message matches this search."),
  foundNoneHint: p("Essayez moins de mots, ou sans filtre de salle.", "Try fewer words, or without the room filter."),
} as const;
