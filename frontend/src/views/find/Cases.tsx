/** Cases: those that ask for me, any that I may read, what I follow, what I put aside. */
import { findingWords } from "../../i18n/finding";
import { words } from "../../i18n";
import { Icon } from "../parts/icons";
import { asked, toCases, type Place } from "./asked";
import { CaseSearch } from "./CaseSearch";
import { Collections, OneCollection } from "./Collections";
import { Feed } from "./Feed";
import { Follows } from "./Follows";
import "../parts/fold.css";
import "./finding.css";

export default function Cases({ query }: { query: string }) {
  const t = findingWords().finding;
  const { place, only, wanted, collection } = asked(query);
  const places: [Place, string][] = [["feed", t.feed], ["search", t.search], ["follows", t.follows], ["collections", t.collections]];
  return (
    <div class="page"><header class="page-head"><h1>{t.title}</h1><a class="btn primary" href="/ask"><Icon name="plus" />{words().shell.askQuestion}</a></header>
      <div class="page-in">
        <nav class="places" aria-label={t.places}>
          {places.map(([name, label]) => <a href={toCases(name)} aria-current={place === name ? "page" : undefined} key={name}>{label}</a>)}
        </nav>
        {place === "feed" ? <Feed only={only} specialty={wanted.specialty} status={wanted.status} />
          : place === "search" ? <CaseSearch wanted={wanted} />
          : place === "follows" ? <Follows />
          : collection ? <OneCollection id={collection} key={collection} /> : <Collections />}
      </div>
    </div>
  );
}
