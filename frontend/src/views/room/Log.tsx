/** The log of a room: lines, dividers, the pill; one stop of Tab, inside which j, k and arrows move. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Line, RoomView } from "../../store";
import { locale, session } from "../../store";
import { words } from "../../i18n";
import { clock, day } from "../../i18n/time";
import { heard } from "../parts/announce";
import { Empty, Skeletons } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { learn } from "../parts/people";
import { shortName } from "../parts/names";
import { singleKeys } from "../prefs";
import { Message, type MessageActs } from "./Message";
import { Notice } from "./Notice";
import { Unsent } from "./Unsent";
import { useLog } from "./useLog";

export interface LogActs extends MessageActs { edit(line: Extract<Line, { type: "message" }>): void; toComposer(): void }

/** Lines a person can stand on. */
const stands = (line: Line) => line.type === "message" || line.type === "unsent" || line.type === "notice";

export function Log({ view, acts, title, atNewest }: { view: RoomView; acts: LogActs; title: string; atNewest: { current: (() => void) | null } }) {
  const t = words().room;
  const lines = view.lines.value;
  const inCase = view.item.value?.kind === "case";
  const active = useSignal<string | null>(null);
  const log = useLog(view, (seq) => { if (!document.hidden && document.hasFocus()) view.markRead(seq); });
  atNewest.current = () => void log.toNewest();
  useHeard(view);

  const shown = lines.slice(log.shown.from, log.shown.to);
  // Tab enters at the last line stood on, else at the newest.
  const stop = active.value && shown.some((line) => line.key === active.value) ? active.value : [...shown].reverse().find(stands)?.key ?? null;

  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key;
    const single = key.length === 1;
    if (single && !singleKeys.value) return;
    const standing = lines.filter(stands);
    const at = standing.findIndex((line) => line.key === stop);
    const here = standing[at];
    const go = (to: Line | undefined) => { event.preventDefault(); if (to) { active.value = to.key; log.reveal(to.key); } };
    if (key === "j" || key === "ArrowDown") go(standing[Math.min(standing.length - 1, at + 1)]);
    else if (key === "k" || key === "ArrowUp") {
      if (at <= 0 && view.more.value.before) void view.loadBefore();
      go(standing[Math.max(0, at - 1)]);
    } else if (key === "Home") go(standing[0]);
    else if (key === "End") { event.preventDefault(); void log.toNewest().then(() => go(standing[standing.length - 1])); }
    else if (key === "u") {
      const news = lines.findIndex((line) => line.type === "new");
      go(news < 0 ? standing[standing.length - 1] : lines.slice(news).find(stands));
    } else if (key === "M" && session.value.me?.mod) {
      event.preventDefault();
      acts.moderate(here?.type === "message" ? here : null);
    } else if (here?.type === "message" && !here.item.withheld) {
      if (key === "r") { event.preventDefault(); acts.reply(here); }
      else if (key === "e" && here.own) { event.preventDefault(); acts.edit(here); }
      else if ((key === "Enter" || key === "ContextMenu" || (key === "F10" && event.shiftKey)) && event.target instanceof HTMLElement && event.target.dataset.key) {
        event.preventDefault();
        acts.menu(here, event.target);
      }
    }
  };

  const arrived = useBelow(view, log.bottom.value && log.hidden.value === 0);
  const below = view.mode.value === "past" ? view.below.value : arrived;
  const away = !log.bottom.value || view.mode.value === "past";
  return (
    <div class="log-wrap">
      <div class="log" role="log" aria-live="off" aria-label={t.log(title)} id="log" tabIndex={stop ? -1 : 0} ref={log.box} onScroll={log.onScroll} onKeyDown={onKey}
        aria-busy={view.loading.value}
        onFocusIn={(event) => { const on = (event.target as HTMLElement).closest<HTMLElement>("[data-key]"); if (on) active.value = on.dataset.key!; }}>
        {view.more.value.before && lines.length > 0 && <div class="log-edge">{view.loading.value ? words().shell.loading : t.older}</div>}
        {!view.more.value.before && lines.length > 0 && log.shown.from === 0 && <div class="log-edge">{t.start}</div>}
        {lines.length === 0 && (view.loading.value ? <Skeletons rows={5} /> : <Empty title={t.emptyRoom} />)}
        {shown.map((line) => {
          if (line.type === "day") return <div class="divider" data-key={line.key} key={line.key} role="separator"><span>{day(line.at)}</span></div>;
          if (line.type === "new") return <div class="divider new" data-key={line.key} key={line.key} role="separator"><span>{t.newSince(clock(line.at), line.count)}</span></div>;
          if (line.type === "notice") return <Notice event={line.event} view={view} active={stop === line.key} lineKey={line.key} key={line.key} />;
          if (line.type === "unsent") return <Unsent line={line} view={view} active={stop === line.key} onJump={acts.jump} key={line.key} />;
          return <Message line={line} view={view} active={stop === line.key} flash={log.flash.value === line.key} acts={acts} inCase={inCase} lang={locale.value} key={line.key} />;
        })}
      </div>
      {away && (below > 0
        ? <button type="button" class="pill" onClick={() => void log.toNewest()}>{t.pill(below)}<Icon name="arrowDown" size="small" /></button>
        : lines.length > 0 && <button type="button" class="pill plain" aria-label={t.toNewest} title={t.toNewest} onClick={() => void log.toNewest()}><Icon name="arrowDown" /></button>)}
    </div>
  );
}

/** How many messages of others came while the reader was away from the bottom. */
function useBelow(view: RoomView, atBottom: boolean): number {
  const from = useRef(0);
  const me = session.value.me?.id;
  const newest = lastSeq(view.lines.value);
  if (atBottom || from.current === 0) from.current = newest;
  return useMemo(() => view.lines.value.filter((line) => line.type === "message" && line.item.seq > from.current && line.item.actor?.id !== me).length, [view.lines.value, from.current]);
}

function lastSeq(lines: readonly Line[]): number {
  for (let at = lines.length - 1; at >= 0; at--) {
    const line = lines[at]!;
    if (line.type === "message") return line.item.seq;
  }
  return 0;
}

/** Tells a screen reader of new messages by others; typing and presence are never told. */
function useHeard(view: RoomView): void {
  const told = useRef<number | null>(null);
  const lines = view.lines.value;
  useEffect(() => {
    const newest = lastSeq(lines);
    const before = told.current;
    told.current = Math.max(newest, before ?? 0);
    learn(lines.slice(-50).map((line) => (line.type === "message" ? line.item.actor : line.type === "notice" ? line.event.actor : null)));
    if (before === null || before === 0 || view.mode.peek() === "past" || newest - before > 200) return;
    for (const line of lines.slice(-60)) {
      if (line.type !== "message" || line.item.seq <= before || line.own || line.item.withheld) continue;
      heard({ name: shortName(line.item.actor?.name), text: line.item.body ?? "" }, line.forMe);
    }
  }, [lines]);
}
