/** Search in the rooms one may read: excerpts with the words marked, and a jump to the message in its place. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Hit } from "../../store";
import { rooms, searchMessages, tags } from "../../store";
import { words } from "../../i18n";
import { brief, moment } from "../../i18n/time";
import { navigate, toRoom, toSearch, toTag } from "../../router";
import { Doubt, Empty, Problem, Skeletons } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { marked } from "./marks";
import { usePages } from "./usePages";

export function Search({ q, room, tag }: { q: string; room: string | null; tag: string | null }) {
  const t = words();
  const typed = useSignal(tag ? `#${tag}` : q);
  const field = useRef<HTMLInputElement>(null);
  const offered = useSignal<{ tag: string; count: number }[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  /** What this field itself went to: the address then says nothing new, and more may have been typed. */
  const own = useRef<string | null>(null);
  useEffect(() => {
    const said = tag ? `#${tag}` : q;
    if (own.current !== said) { clearTimeout(timer.current); typed.value = said; }
    own.current = null;
  }, [q, tag]);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    const part = /#([\p{L}\p{N}_]*)$/u.exec(typed.value)?.[1];
    if (part === undefined) { offered.value = []; return; }
    const stop = new AbortController();
    tags(part, stop.signal).then((list) => { if (!stop.signal.aborted) offered.value = list.slice(0, 6); }, () => undefined);
    return () => stop.abort();
  }, [typed.value]);

  const key = JSON.stringify([q, room, tag]);
  const found = usePages<Hit>(q.trim() || tag ? (next, stop) => searchMessages({ ...(q ? { q } : {}), ...(room ? { room } : {}), ...(tag ? { tag } : {}), next }, stop) : null, key, 0);
  const go = (where = room) => {
    clearTimeout(timer.current);
    const text = typed.peek().trim();
    const only = /^#([\p{L}\p{N}_]{2,50})$/u.exec(text)?.[1];
    own.current = text;
    navigate(toSearch(only ? { tag: only, room: where } : { q: text, room: where }), { replace: true });
  };
  const inRoom = rooms.value.find((one) => one.id === room);
  return (
    <div class="page"><header class="page-head"><h1>{t.cases.searchTitle}</h1></header>
      <div class="page-in">
        <form class="sticky-tools" role="search" onSubmit={(event) => { event.preventDefault(); go(); }}>
          <label class="field"><Icon name="search" />
            <input ref={field} type="search" value={typed.value} placeholder={t.cases.searchField} aria-label={t.cases.searchField} autocomplete="off" enterkeyhint="search"
              onInput={(event) => { typed.value = event.currentTarget.value; clearTimeout(timer.current); timer.current = setTimeout(go, 250); }} />
            {typed.value && <button type="button" class="icon-btn" aria-label={t.people.clear} onClick={() => { typed.value = ""; go(); field.current?.focus(); }}><Icon name="close" size="small" /></button>}
          </label>
          <div class="chips">
            {room && <><button type="button" class="chip" aria-pressed="true">{t.cases.inRoom(inRoom?.title ?? "…")}</button><button type="button" class="chip" aria-pressed="false" onClick={() => go(null)}>{t.cases.everywhere}</button></>}
            {offered.value.map((one) => <a class="chip" href={toTag(one.tag)} key={one.tag}>#{one.tag} <span class="third">{one.count}</span></a>)}
          </div>
          <p class="meta third" role="status">{found.items.value ? t.cases.found(found.items.value.length, !!found.next.value) : t.cases.searchHint}</p>
        </form>
        <Problem error={found.error.value} retry={found.again} />
        {(q || tag) && !found.items.value && !found.error.value && <Skeletons />}
        {found.items.value?.length === 0 && <Empty title={t.cases.foundNone}><p>{t.cases.foundNoneHint}</p></Empty>}
        <ul>
          {found.items.value?.map((hit) => (
            <li class="found" key={hit.message}>
              <a class="hit" href={toRoom(hit.room.id, hit.seq)}>
                <span class="where">{hit.room.code && <span class="tag">{hit.room.code}</span>}<span>{hit.room.title}</span><time dateTime={hit.at} title={moment(hit.at)}>{brief(hit.at)}</time></span>
                <span class="strong">{hit.actor?.name}</span> <Doubt of={hit.doubt} />
                <p dir="auto">{marked(hit.excerpt, hit.marks).map((part, at) => (part.mark ? <mark key={at}>{part.text}</mark> : part.text))}</p>
              </a>
            </li>
          ))}
        </ul>
        {found.next.value && <button type="button" class="btn" onClick={found.more}>{t.shell.moreResults}</button>}
      </div>
    </div>
  );
}
