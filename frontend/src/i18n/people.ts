/** Words of the directory, of profiles and of groups. */
import { p, plural } from "./pair";

export const people = {
  title: p("Annuaire", "Directory"),
  field: p("Nom, spécialité, ville", "Name, specialty, town"),
  tabPeople: p("Personnes", "People"),
  tabGroups: p("Groupes", "Groups"),
  hint: p("Cherchez une consœur, un confrère, une spécialité ou une ville.", "Look for a colleague, a specialty or a town."),
  none: p("Personne ne répond à cette recherche.", "Nobody matches this search."),
  count: p((n: number) => `${n} ${plural.fr(n, "personne", "personnes")}`, (n: number) => `${n} ${plural.en(n, "person", "people")}`),
  talk: p("Écrire en privé", "Write privately"),
  askAdvice: p("Demander un avis", "Ask for advice"),
  clear: p("Effacer", "Clear"),
  groupsIntro: p("Un groupe réunit une spécialité. Qui le rejoint lit tout ce qui s’y est dit.", "A group gathers a specialty. Whoever joins reads all that was said in it."),
  joined: p("Vous en êtes membre", "You are a member"),
  join: p("Rejoindre", "Join"),
  open: p("Ouvrir", "Open"),
  noGroup: p("Aucun groupe n’est ouvert.", "No group is open."),
  unverified: p("Non vérifié", "Not verified"),
  owner: p("responsable", "owner"),
  moderator: p("modération", "moderator"),
} as const;
