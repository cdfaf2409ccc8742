/** The console: rooms watched side by side, the queue by risk, one item in its context, and the tools; all of it by keyboard. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { mod } from "../../i18n/console";
import { words } from "../../i18n";
import { navigate, route, toRoom } from "../../router";
import { detail as detailOf, queue as queueOf, watch, type Item, type ItemDetail } from "../../moderation/door";
import { Console as Desk } from "../../moderation/console";
import { move, remove } from "../../moderation/queue";
import { connection, hear, rooms, session } from "../../store";
import { say } from "../parts/announce";
import { Empty, Problem, Skeletons } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { layered, Sheet } from "../parts/sheet";
import { moderating } from "../layers";
import { kept, narrow, singleKeys, wide } from "../prefs";
import { Decide, Detail, toggleClaim, type DecideKeys } from "./Detail";
import { QueueList, titleOf } from "./QueueList";
import { named, Tiles, type Tile } from "./Tiles";
import { Suspensions } from "./Suspensions";
import { TileDesk } from "./TileDesk";
import { Tools, undoLast, type ToolKeys } from "./Tools";
import { everywhere, type Target } from "./toolbox";
import "../../styles/moderation.css";

const DETAIL_AFTER = 200;
const strings = (value: unknown): value is string[] => Array.isArray(value) && value.every((one) => typeof one === "string");
const chosen = kept<string[]>("consult.console.rooms", [], strings);

export default function Console() {
  const t = mod().console;
  if (session.value.me?.mod) return <Inside />;
  return everywhere() ? <WithoutRemit /> : <Empty title={t.notMod}><a class="link" href="/">{words().shell.toRooms}</a></Empty>;
}

/** What an administrator decides who moderates no room. */
function WithoutRemit() {
  const t = mod().console;
  const suspended = useSignal(false);
  return (
    <section class="console" aria-label={t.title}>
      <header class="console-head"><h1>{t.title}</h1></header>
      <Empty title={t.noRemit}>{t.noRemitText}<div class="row wrap"><Offices onSuspended={() => (suspended.value = true)} /></div></Empty>
      {suspended.value && <Suspensions onClose={() => (suspended.value = false)} onLifted={() => undefined} />}
    </section>
  );
}

/** What is about the whole service, for who decides about it. */
function Offices({ onSuspended }: { onSuspended: () => void }) {
  const t = mod().console;
  return <>
    {everywhere() && <button type="button" class="btn" onClick={onSuspended}>{t.suspensions}</button>}
    {session.value.me?.roles.includes("administrator") && <a class="btn" href="/moderation/rules">{t.rules}</a>}
  </>;
}

function useDesk(): Desk {
  const desk = useMemo(() => new Desk({
    queue: queueOf, watch, listen: hear, chosen, hidden: () => document.hidden,
    after: (ms, run) => { const timer = setTimeout(run, ms); return () => clearTimeout(timer); },
    others: () => rooms.peek().filter((one) => one.kind !== "private").map((one) => one.id),
    urgent: (item: Item) => say(mod().console.urgentNew(titleOf(item), item.room_title ?? "")),
  }), []);
  useEffect(() => {
    desk.start();
    const seen = () => { if (!document.hidden) desk.look(); };
    document.addEventListener("visibilitychange", seen);
    return () => { document.removeEventListener("visibilitychange", seen); desk.close(); };
  }, []);
  return desk;
}

/** The item stood on, read a moment after the moving stopped: each reading is on the record. */
function useDetail(at: string | null) {
  const detail = useSignal<ItemDetail | null>(null);
  const error = useSignal<unknown>(null);
  const round = useSignal(0);
  useEffect(() => {
    if (detail.peek()?.item.item !== at) detail.value = null;
    error.value = null;
    if (!at) return;
    let stale = false;
    const timer = setTimeout(() => detailOf(at).then((answer) => { if (!stale) detail.value = answer; }, (why: unknown) => { if (!stale) error.value = why; }), DETAIL_AFTER);
    return () => { stale = true; clearTimeout(timer); };
  }, [at, round.value]);
  // The effect comes after the drawing: until then what was read of the former item is still here, and nobody's to decide.
  return { detail: detail.value?.item.item === at ? detail.value : null, error, again: () => round.value++ };
}

function Inside() {
  const t = mod().console;
  const desk = useDesk();
  const queue = desk.queue.value;
  const list = useRef<HTMLDivElement>(null);
  const toolKeys = useRef<ToolKeys | null>(null);
  const decideKeys = useRef<DecideKeys | null>(null);
  const map = useSignal(false);
  const suspended = useSignal(false);
  /** A room looked at for itself, not for an item. */
  const roomAt = useSignal<string | null>(null);
  /** On a narrow screen one sees the queue or the item. */
  const opened = useSignal(false);
  const { detail, error, again } = useDetail(roomAt.value ? null : queue.at);
  const item = queue.items.find((one) => one.item === queue.at) ?? null;
  const tiles = desk.watched.value.map((one) => named(one, queue.items));
  const tile = tiles.find((one) => one.room === (roomAt.value ?? item?.room)) ?? null;
  const shown = detail && item ? { ...detail, item: { ...detail.item, claimed_by: item.claimed_by, claimed_until: item.claimed_until } } : null;
  const target = useTarget(item ? detail : null, roomAt.value, tile);
  const awaited = !!item && !roomAt.value && !shown;
  const live = connection.value.state === "live" || connection.value.state === "catching";

  // A reading that one asked for is another's to decide: what is shown of it follows.
  const waiting = detail?.my_reading?.state === "asked" ? detail.my_reading.item : null;
  useEffect(() => { if (waiting && desk.decided.value.has(waiting)) again(); }, [waiting, desk.decided.value]);

  useEffect(() => { list.current?.focus(); }, [desk.loaded.value]);
  useEffect(() => { document.title = `${t.title} · ${words().shell.app}`; return () => { document.title = words().shell.app; }; }, [t]);

  const pick = (id: string) => { roomAt.value = null; desk.queue.value = { ...desk.queue.peek(), at: id }; opened.value = true; };
  const step = (by: number) => { roomAt.value = null; desk.queue.value = move(desk.queue.peek(), by); };
  const gone = (id: string) => { desk.queue.value = remove(desk.queue.peek(), id); opened.value = false; list.current?.focus(); };
  const enter = () => { if (target?.room) goIn(target.room, shown?.message?.seq ?? null, tile); };
  const claimed = () => { if (item) void toggleClaim(item).then(() => queueOf({ items: [item.item] })).then((page) => desk.take(page.items), () => undefined); };

  const onKey = (event: KeyboardEvent) => {
    if (layered() || event.ctrlKey || event.metaKey || event.altKey) return;
    const from = event.target as HTMLElement;
    if (from.matches?.("input, textarea, select, [contenteditable]")) {
      // Out of a field, back to where the keys are.
      if (event.key === "Escape") { event.preventDefault(); list.current?.focus(); }
      return;
    }
    const inList = from === list.current || from === document.body;
    const key = event.key;
    if (key.length === 1 && !singleKeys.value) return;
    if (key === "j" || (inList && key === "ArrowDown")) step(1);
    else if (key === "k" || (inList && key === "ArrowUp")) step(-1);
    else if (inList && (key === "PageDown" || key === "PageUp")) step(key === "PageDown" ? 8 : -8);
    else if (inList && (key === "Home" || key === "End")) step(key === "Home" ? -1e6 : 1e6);
    else if (inList && key === "Enter") enter();
    else if (key === "Escape" && !inList) { opened.value = false; list.current?.focus(); }
    else if (key === "?") map.value = true;
    else if (key === "c") claimed();
    else if (key === "u") void undoLast();
    else if (key.length !== 1) return;
    // Only what is drawn of this item takes a key; until it is, a letter does nothing, here or in the page.
    else if (!(shown && decideKeys.current?.(key)) && !(target && toolKeys.current?.(key)) && !(awaited && /[a-z\d]/i.test(key))) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const latest = useRef(onKey);
  latest.current = onKey;
  // Before the page's own keys: here the letters are the console's.
  useEffect(() => {
    const hearKey = (event: KeyboardEvent) => latest.current(event);
    document.addEventListener("keydown", hearKey, true);
    return () => document.removeEventListener("keydown", hearKey, true);
  }, []);

  const done = () => { again(); desk.look(); if (document.activeElement === document.body) list.current?.focus(); };
  const tools = target && <>
    <Tools target={target} keys={toolKeys} onDone={done} key={roomAt.value ?? queue.at ?? ""} />
    {shown && <Decide detail={shown} keys={decideKeys} onGone={gone} onChanged={again} key={shown.item.item} />}
  </>;
  return (
    <section class={`console${opened.value || roomAt.value ? " opened" : ""}`} aria-label={t.title}>
      <header class="console-head">
        <h1>{t.title}</h1>
        <span class="row label second"><span class={`dot${live ? "" : " off"}`} />{live ? t.liveRooms(tiles.length) : t.notLive}</span>
        <span class="grow" />
        <Offices onSuspended={() => (suspended.value = true)} />
      </header>
      <Tiles tiles={tiles} at={tile?.room ?? null} onPick={(room) => (roomAt.value = roomAt.value === room ? null : room)} />
      <div class="console-in">
        <div class="console-queue">
          <div class="queue-head"><h2>{t.queue}</h2><span class="count">{queue.items.length}</span><span class="grow" /><span class="meta second">{t.byRisk}</span></div>
          <Problem error={desk.error.value} retry={() => void desk.load()} />
          {!desk.loaded.value && !desk.error.value ? <Skeletons /> : <QueueList queue={queue} box={list} onPick={pick} />}
          {!narrow.value && <p class="queue-keys meta third"><kbd>j</kbd><kbd>k</kbd>{t.moves}<kbd>c</kbd>{t.takes}<kbd>↵</kbd>{t.enters}<kbd>?</kbd></p>}
        </div>
        <div class="console-item" aria-live="off">
          {roomAt.value && tile ? <RoomHead tile={tile} onEnter={enter} onBack={() => (roomAt.value = null)} />
            : item && !roomAt.value ? <ItemHead item={item} room={target?.room ?? null} tile={tile} onEnter={enter} onClaim={claimed} onBack={() => { opened.value = false; list.current?.focus(); }} /> : null}
          {roomAt.value && tile && tile.kind !== "private" && <TileDesk tile={tile} visiting={inside(tile)} onChange={() => desk.look()} key={tile.room} />}
          <Problem error={error.value} retry={again} />
          {roomAt.value ? null : shown ? <Detail detail={shown} onEnter={enter} onAsked={again} /> : item && !error.value ? <Skeletons rows={3} /> : !item && <Empty title={t.pick} />}
          {!wide.value && tools}
        </div>
        {wide.value && <aside class="console-tools panel" aria-label={t.toolsTitle}>{tools}</aside>}
      </div>
      {suspended.value && <Suspensions onClose={() => (suspended.value = false)} onLifted={done} />}
      {map.value && <KeyMap onClose={() => (map.value = false)} />}
    </section>
  );
}

/** In the room already: there; else with a reason, which the room reads. */
function goIn(room: string, seq: number | null, tile: Tile | null): void {
  const from = route.peek();
  // Who has closed the sheet meanwhile, or gone elsewhere, is not taken along.
  const there = (still: boolean) => { if (still && route.peek() === from) navigate(toRoom(room, seq)); };
  if (tile && inside(tile)) there(true);
  else moderating.value = { kind: "enter", room, then: there };
}

const inside = (tile: Tile): boolean => tile.moderators.some((one) => one.id === session.value.me?.id);

function useTarget(detail: ItemDetail | null, roomAt: string | null, tile: Tile | null): Target | null {
  const item = detail?.item;
  const own = item?.person?.id === session.value.me?.id;
  return useMemo(() => {
    const common = { locked: tile?.locked ?? false, slow: tile?.slow_mode ?? 0, expert: !!tile?.expert, everywhere: everywhere(), inside: !!tile && inside(tile) };
    if (roomAt) return { ...common, room: roomAt, kind: tile?.kind ?? null, message: null, person: null };
    if (!detail || !item) return null;
    const said = detail.message;
    return {
      ...common, room: item.room, kind: item.room_kind,
      message: said ? { id: said.message, hidden: said.withheld === "hidden", images: said.images, veiled: said.veiled, pinned: said.pinned } : null,
      person: item.person && !own ? { id: item.person.id, name: item.person.name, ...shutOut(detail) } : null,
    };
  }, [detail, roomAt, tile?.room, tile?.locked, tile?.slow_mode, !!tile?.expert, !!tile && inside(tile)]);
}

/** What keeps the person of an item from writing there, or out of the service, now. */
function shutOut({ item, author }: ItemDetail): { silenced: boolean; suspension: string | null } {
  const standing = (author?.acts ?? []).filter((one) => !one.reversed && (one.until === null || Date.parse(one.until) > Date.now()));
  return {
    silenced: standing.some((one) => one.kind === "member.silence" && one.room === item.room),
    suspension: standing.find((one) => one.kind === "person.suspend")?.act ?? null,
  };
}

function RoomHead({ tile, onEnter, onBack }: { tile: Tile; onEnter: () => void; onBack: () => void }) {
  const t = mod().console;
  const watched = chosen.value.includes(tile.room);
  const keep = (on: boolean) => (chosen.value = on ? [...chosen.value, tile.room].slice(-6) : chosen.value.filter((one) => one !== tile.room));
  return (
    <div class="item-head">
      {narrow.value && <button type="button" class="icon-btn" aria-label={t.backToQueue} onClick={onBack}><Icon name="back" /></button>}
      <h2 class="grow">{tile.title}</h2>
      <label class="check"><input type="checkbox" checked={watched} onChange={(event) => keep(event.currentTarget.checked)} /><span>{t.keepWatching}</span></label>
      <button type="button" class="btn mod" onClick={onEnter}><Icon name="shield" />{inside(tile) ? t.see : t.enter}</button>
    </div>
  );
}

function ItemHead({ item, room, tile, onEnter, onClaim, onBack }: { item: Item; room: string | null; tile: Tile | null; onEnter: () => void; onClaim: () => void; onBack: () => void }) {
  const t = mod().console;
  const mine = item.claimed_by?.id === session.value.me?.id;
  return (
    <div class="item-head">
      {narrow.value && <button type="button" class="icon-btn" aria-label={t.backToQueue} onClick={onBack}><Icon name="back" /></button>}
      <h2 class="grow"><span>{titleOf(item)}</span>{item.room_title && <span class="second label"> {item.room_title}</span>}</h2>
      <button type="button" class="btn" aria-pressed={mine} onClick={onClaim}>{mine ? t.release : t.claim}<kbd aria-hidden="true">C</kbd></button>
      {room && item.room_kind !== "private" && <button type="button" class="btn mod" onClick={onEnter}><Icon name="shield" />{tile && inside(tile) ? t.see : t.enter}</button>}
    </div>
  );
}

function KeyMap({ onClose }: { onClose: () => void }) {
  const t = mod().console;
  const tools = mod().tools;
  const rows: [string[], string][] = [
    [["j", "k"], t.keyMove], [["Home", "End"], t.keyEnds], [["↵"], t.keyEnter], [["c"], t.keyClaim], [["1", "2", "3", "4"], t.keyMotive], [["t"], t.keyDuration], [["m"], tools.hide], [["d"], tools.mask], [["p"], tools.pin], [["l"], tools.slow], [["v"], tools.lock],
    [["a"], tools.call], [["e"], tools.expert], [["s"], tools.silence], [["x"], tools.remove], [["n"], t.keyDismiss], [["o"], t.keyUphold], [["u"], t.keyUndo], [["?"], t.keyMap],
  ];
  return (
    <Sheet title={t.keysTitle} onClose={onClose}>
      <dl class="keys">{rows.map(([keys, what]) => <div key={what}><dt>{what}</dt><dd>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dd></div>)}</dl>
    </Sheet>
  );
}
