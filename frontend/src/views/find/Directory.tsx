/** The directory: colleagues to find and write to, and groups to join. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { PersonCard, RoomItem } from "../../store";
import { groups, join, people, rooms, session, startConversation } from "../../store";
import { words } from "../../i18n";
import { navigate, route, toRoom } from "../../router";
import { Avatar, Code, Empty, Problem, Skeletons, standing, Verified } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { moderating } from "../layers";
import { follow } from "../../cases/finding";
import { findingWords } from "../../i18n/finding";
import { fail } from "./CaseCard";
import { useFollows } from "./useFollows";
import { usePages } from "./usePages";

export default function Directory({ q, tab }: { q: string; tab: "people" | "groups" }) {
  const t = words();
  return (
    <div class="page"><header class="page-head"><h1>{t.people.title}</h1></header>
      <div class="page-in">
        <div class="chips" role="group" aria-label={t.people.title}>
          <a class="chip reach" href="/directory" aria-current={tab === "people" ? "page" : undefined}>{t.people.tabPeople}</a>
          <a class="chip reach" href="/directory?tab=groups" aria-current={tab === "groups" ? "page" : undefined}>{t.people.tabGroups}</a>
        </div>
        {tab === "groups" ? <Groups /> : <People q={q} />}
      </div>
    </div>
  );
}

function People({ q }: { q: string }) {
  const t = words().people;
  const typed = useSignal(q);
  const busy = useSignal<string | null>(null);
  const failure = useSignal<unknown>(null);
  const field = useRef<HTMLInputElement>(null);
  const found = usePages<PersonCard>((next, stop) => people({ q: typed.peek().trim(), next }, stop), typed.value.trim());
  const me = session.value.me?.id;
  const { value: follows, again } = useFollows();
  const talk = (id: string) => {
    busy.value = id;
    const from = route.peek(); // who has gone elsewhere meanwhile is left there
    startConversation([id]).then((room) => { if (route.peek() === from) navigate(toRoom(room)); }, (error: unknown) => (failure.value = error)).finally(() => (busy.value = null));
  };
  return (
    <>
      <div class="sticky-tools" role="search">
        <label class="field"><Icon name="search" />
          <input ref={field} type="search" value={typed.value} placeholder={t.field} aria-label={t.field} autocomplete="off" onInput={(event) => (typed.value = event.currentTarget.value)} />
          {typed.value && <button type="button" class="icon-btn" aria-label={t.clear} onClick={() => { typed.value = ""; field.current?.focus(); }}><Icon name="close" size="small" /></button>}
        </label>
        <span class="unseen" role="status">{found.items.value && t.count(found.items.value.length)}</span>
      </div>
      <Problem error={failure.value ?? found.error.value} retry={found.again} />
      {!found.items.value && !found.error.value && <Skeletons />}
      {found.items.value?.length === 0 && <Empty title={typed.value ? t.none : t.hint} />}
      <ul>
        {found.items.value?.map((one) => (
          <li class="found entry-row person" key={one.id}>
            <Avatar person={one} big />
            <div class="about"><div class="row"><span class="name">{one.name}</span>{one.verified !== false ? <Verified /> : <span class="tag">{t.unverified}</span>}</div>
              <div>{standing(one)}</div>{one.place && <div class="label third">{one.place}</div>}</div>
            {one.id !== me && <>
              <div class="acts row"><button type="button" class="btn" disabled={busy.value === one.id} onClick={() => talk(one.id)}>{t.talk}</button><a class="btn quiet" href={`/ask?person=${encodeURIComponent(one.id)}`}>{t.askAdvice}</a></div>
              <div class="row beside">
                {follows && <FollowOne person={one} on={follows.people.some((p) => p.id === one.id)} again={again} />}
                <button type="button" class="icon-btn" aria-label={`${words().moderation.report} ${one.name ?? ""}`} title={words().moderation.report} onClick={() => (moderating.value = { kind: "report", of: { person: one.id }, name: one.name ?? "" })}><Icon name="flag" /></button></div></>}
          </li>
        ))}
      </ul>
      {found.next.value && <button type="button" class="btn" onClick={found.more}>{words().shell.moreResults}</button>}
    </>
  );
}

/** Their cases come first in one's feed; they are not told. */
function FollowOne({ person, on, again }: { person: PersonCard; on: boolean; again: () => Promise<void> }) {
  const t = findingWords().finding;
  const label = (on ? t.followedPerson : t.followPerson)(person.name ?? "");
  return <button type="button" class="icon-btn" aria-pressed={on} aria-label={label} title={label} onClick={() => void follow("people", person.id, !on).then(again, fail)}><Icon name={on ? "check" : "plus"} /></button>;
}

function Groups() {
  const t = words();
  const list = useSignal<RoomItem[] | null>(null);
  const error = useSignal<unknown>(null);
  const busy = useSignal<string | null>(null);
  const load = () => groups().then((all) => { list.value = all; error.value = null; }, (why: unknown) => (error.value = why));
  useEffect(() => void load(), []);
  const enter = (id: string) => {
    busy.value = id;
    const from = route.peek();
    join(id).then(() => { if (route.peek() === from) navigate(toRoom(id)); }, (why: unknown) => (error.value = why)).finally(() => (busy.value = null));
  };
  return (
    <>
      <p class="second list-size intro">{t.people.groupsIntro}</p>
      <Problem error={error.value} retry={() => void load()} />
      {!list.value && !error.value && <Skeletons />}
      {list.value?.length === 0 && <Empty title={t.people.noGroup} />}
      <ul>
        {list.value?.map((room) => {
          const member = rooms.value.find((one) => one.id === room.id)?.member ?? room.member;
          return (
            <li class="found entry-row" key={room.id}>
              <Code item={room} />
              <div class="about"><div class="name">{room.title}</div><div>{t.room.memberCount(room.members)}{member ? ` · ${t.people.joined}` : ""}</div></div>
              <div class="acts">{member ? <a class="btn" href={toRoom(room.id)}>{t.people.open}</a> : <button type="button" class="btn primary" disabled={busy.value === room.id} onClick={() => enter(room.id)}>{t.people.join}</button>}</div>
            </li>
          );
        })}
      </ul>
    </>
  );
}
