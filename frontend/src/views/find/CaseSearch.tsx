/** Search among the cases one may read: words, and what a case is. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { searchCases, type Wanted } from "../../cases/finding";
import type { RoomItem } from "../../store";
import { findingWords } from "../../i18n/finding";
import { words } from "../../i18n";
import { navigate } from "../../router";
import { SpecialtySelect } from "../ask/fields";
import { Empty, Problem, Skeletons } from "../parts/atoms";
import { statuses } from "../parts/statuses";
import { Icon } from "../parts/icons";
import { toCases } from "./asked";
import { CaseCard } from "./CaseCard";
import { usePages } from "./usePages";

const WAIT = 300;

export function CaseSearch({ wanted }: { wanted: Wanted }) {
  const t = findingWords().finding;
  const typed = useSignal(wanted.q);
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const any = Object.values(wanted).some((value) => value.trim());
  const found = usePages<RoomItem>(any ? (next, stop) => searchCases({ ...wanted, q: wanted.q.trim(), next }, stop) : null, JSON.stringify(wanted), 0);
  // With what has been typed: a look that still waits knows nothing of a filter chosen since.
  const go = (some: Partial<Wanted>) => { clearTimeout(timer.current); navigate(toCases("search", { ...wanted, q: typed.peek(), ...some }), { replace: true }); };
  const list = found.items.value;
  const filtered = [wanted.specialty, wanted.status, wanted.picture, wanted.since, wanted.until].filter(Boolean).length;
  const open = useRef(filtered > 0);
  return (
    <>
      <form class="sticky-tools" role="search" onSubmit={(event) => { event.preventDefault(); go({}); }}>
        <label class="field"><Icon name="search" />
          <input ref={field} type="search" value={typed.value} placeholder={t.words} aria-label={t.words} autocomplete="off" enterkeyhint="search"
            onInput={(event) => { typed.value = event.currentTarget.value; clearTimeout(timer.current); timer.current = setTimeout(() => go({}), WAIT); }} />
          {typed.value && <button type="button" class="icon-btn" aria-label={words().people.clear} onClick={() => { typed.value = ""; go({ q: "" }); field.current?.focus(); }}><Icon name="close" size="small" /></button>}
        </label>
        <p class="meta third" role="status">{list ? words().cases.found(list.length, !!found.next.value) : t.searchHint}</p>
      </form>
      <details class="fold find-fold" open={open.current} onToggle={(event) => (open.current = event.currentTarget.open)}>
        <summary><Icon name="right" size="small" /><span class="strong">{t.filters}</span>{filtered > 0 && <span class="count">{filtered}</span>}</summary>
        <div class="fold-in filters">
          <div class="input-block"><label for="find-specialty">{t.specialty}</label><SpecialtySelect id="find-specialty" value={wanted.specialty} none={t.anySpecialty} onPick={(specialty) => go({ specialty })} /></div>
          <div class="input-block"><label for="find-status">{t.status}</label>
            <select class="input" id="find-status" value={wanted.status} onChange={(event) => go({ status: event.currentTarget.value as Wanted["status"] })}>
              <option value="">{t.anyStatus}</option>{statuses.map((one) => <option value={one} selected={one === wanted.status} key={one}>{words().room[one]}</option>)}
            </select></div>
          <div class="input-block"><label for="find-picture">{t.pictures}</label>
            <select class="input" id="find-picture" value={wanted.picture} onChange={(event) => go({ picture: event.currentTarget.value as Wanted["picture"] })}>
              <option value="">{t.withOrNot}</option><option value="true" selected={wanted.picture === "true"}>{t.withPicture}</option><option value="false" selected={wanted.picture === "false"}>{t.withoutPicture}</option>
            </select></div>
          <div class="input-block"><label for="find-since">{t.since}</label><input class="input" type="date" id="find-since" value={wanted.since} max={wanted.until || undefined} onChange={(event) => go({ since: event.currentTarget.value })} /></div>
          <div class="input-block"><label for="find-until">{t.until}</label><input class="input" type="date" id="find-until" value={wanted.until} min={wanted.since || undefined} onChange={(event) => go({ until: event.currentTarget.value })} /></div>
        </div>
      </details>
      <Problem error={found.error.value} retry={found.again} />
      {any && !list && !found.error.value && <Skeletons />}
      {list?.length === 0 && !found.next.value && <Empty title={t.searchNone} />}
      {list?.map((room, at) => <CaseCard room={room} at={at} of={found.next.value ? -1 : list.length} key={room.id} />)}
      {found.next.value && <button type="button" class="btn" onClick={found.more}>{t.searchOn}</button>}
    </>
  );
}
