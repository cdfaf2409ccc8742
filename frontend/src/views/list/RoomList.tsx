/** The list of rooms: what waits for you first, then your specialty, then the rest. */
import { useComputed, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { holdOrder, rooms, roomsLoaded, session } from "../../store";
import type { RoomItem } from "../../store";
import { words } from "../../i18n";
import { route, toRoom } from "../../router";
import { Code, Empty, Skeletons, Status } from "../parts/atoms";
import { Icon, Shield } from "../parts/icons";
import { shortName } from "../parts/names";
import { brief } from "../../i18n/time";
import { narrow } from "../prefs";
import { switcher } from "../layers";
import { filtered, isForYou, isUrgent, sections, type Filter } from "./sections";

export function RoomList({ onPick }: { onPick?: () => void }) {
  const t = words();
  const filter = useSignal<Filter>("all");
  const box = useRef<HTMLElement>(null);
  const me = session.value.me?.id ?? "";
  const code = session.value.me?.group ?? null;
  const counts = useComputed(() => ({ you: rooms.value.filter((room) => isForYou(room, me)).length, urgent: rooms.value.filter(isUrgent).length }));
  const current = route.value.name === "room" ? route.value.id : null;
  const all = rooms.value;
  // On a phone one list under filters; with more room, sections with their names.
  const parts = sections(all, me, code);
  const row = (room: RoomItem) => <Item room={room} me={me} current={room.id === current} onPick={onPick} key={room.id} />;
  const section = (name: string, list: RoomItem[]) => list.length > 0 && (
    <section aria-label={name}><h2 class="section-head">{name}</h2><ul>{list.map((room) => <li key={room.id}>{row(room)}</li>)}</ul></section>
  );
  const chips: [Filter, string, number][] = [["all", t.room.all, 0], ["you", t.room.forYou, counts.value.you], ["urgent", t.room.urgent, counts.value.urgent], ["mine", t.room.myCases, 0]];
  const shown = filtered(all, filter.value, me);

  return (
    <nav class="list" aria-label={t.shell.rooms} ref={box}
      onPointerEnter={() => (holdOrder.value = true)} onPointerLeave={() => (holdOrder.value = !!box.current?.contains(document.activeElement))}
      onFocusIn={() => (holdOrder.value = true)} onFocusOut={(event) => { if (!box.current?.contains(event.relatedTarget as Node)) holdOrder.value = false; }}>
      <header class="list-head">
        <div class="row">
          <h1 class="grow">{t.shell.rooms}</h1>
          <a class="icon-btn go" href="/search" aria-label={t.shell.search}><Icon name="search" /></a>
          {!narrow.value && <a class="btn primary" href="/ask"><Icon name="plus" />{t.shell.askQuestion}</a>}
        </div>
        <button type="button" class="field jump" onClick={() => (switcher.value = true)}>
          <Icon name="search" /><span class="grow">{t.shell.goTo}</span><kbd>{/Mac/.test(navigator.platform) ? "⌘ K" : "Ctrl K"}</kbd>
        </button>
        <div class="chips" role="group" aria-label={t.room.filters}>
          {chips.map(([value, label, n]) => (
            <button type="button" class="chip reach" aria-pressed={filter.value === value} onClick={() => (filter.value = value)} key={value}>{label}{n > 0 && <b>{n}</b>}</button>
          ))}
        </div>
      </header>
      <div class="list-scroll">
        {roomsLoaded.value === "no" ? <Skeletons rows={6} />
          : all.length === 0 ? <Empty title={t.room.emptyList}><a class="link" href="/directory?tab=groups">{t.room.emptyListAction}</a></Empty>
          : narrow.value ? (shown.length ? <ul>{shown.map((room) => <li key={room.id}>{row(room)}</li>)}</ul> : <Empty title={filter.value === "urgent" ? t.cases.none : t.room.emptyFilter} />)
          : <>{section(t.room.forYou, parts.you)}{section(t.room.mySpecialty, parts.specialty)}{section(t.room.followed, parts.followed)}</>}
        {all.length > 0 && <p class="list-foot"><a class="link list-size" href="/directory?tab=groups">{t.room.joinGroups}</a></p>}
      </div>
    </nav>
  );
}

/** One room: its name, its last words, its state with the word beside the glyph. */
export function Item({ room, me, current, onPick }: { room: RoomItem; me: string; current?: boolean; onPick?: () => void }) {
  const t = words().room;
  const urgent = isUrgent(room);
  const last = room.last;
  const who = last?.actor ? (last.actor.id === me ? t.youSaid : shortName(last.actor.name)) : null;
  const text = last?.withheld ? (last.withheld === "hidden" ? t.hidden : t.retracted(who ?? t.someone)) : last?.excerpt;
  const unread = room.unread > 0 && !room.muted;
  return (
    <a class={`item${unread || room.mentions ? " unread" : ""}${urgent ? " urgent" : ""}${room.muted ? " muted" : ""}`} href={toRoom(room.id)}
      aria-current={current ? "page" : undefined} onClick={onPick}>
      <Code item={room} />
      <span class="col-item">
        <span class="title">{room.title || t.caseGone}</span>
        <span class="last">
          <span class="one-line">{text ? (last?.withheld || !who ? text : t.said(who, text)) : room.case ? t.answers(room.case.answers) : t.emptyRoom}</span>
          {room.mentions > 0 && <span class="at-sign" role="img" aria-label={t.mention}>@</span>}
          {room.unread > 0 && <span class={`count${room.muted ? " quiet" : ""}`}><span aria-hidden="true">{room.unread > 998 ? "999" : room.unread}</span><span class="unseen">{t.unread(room.unread)}</span></span>}
        </span>
        <span class="foot">
          {urgent && <span class="tag urgent">{t.urgent}</span>}
          {room.case ? <Status status={room.case.status} /> : room.kind === "private" ? <span>{t.privateKind}</span> : <span>{t.memberCount(room.members)}</span>}
          {room.moderator_live && <span role="img" aria-label={t.moderatorLive} title={t.moderatorLive}><Shield size="small" /></span>}
          {room.muted && <span class="third">{t.mutedRoom}</span>}
          {last && <time dateTime={last.at}>{brief(last.at)}</time>}
        </span>
      </span>
    </a>
  );
}
