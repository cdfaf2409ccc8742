/** A room: header, bars, log, composer; with the case sheet beside it or over it. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { RoomView } from "../../store";
import { connection, roomTouched, session } from "../../store";
import { words } from "../../i18n";
import { navigate } from "../../router";
import { toast } from "../parts/announce";
import { Empty, Problem, Skeletons, Status } from "../parts/atoms";
import { Icon, Shield } from "../parts/icons";
import { shortName } from "../parts/names";
import { lazily } from "../parts/lazy";
import { Sheet } from "../parts/sheet";
import { ConnectionBar } from "../connection";
import { caseSheet, moderating } from "../layers";
import { narrow, touch, wide } from "../prefs";
import { Composer, type ComposerHandle } from "./Composer";
import { Header } from "./Header";
import { Log, type LogActs } from "./Log";
import type { MessageLine } from "./Message";
import { MessageMenu } from "./MessageMenu";
import { CaseTop, Panel } from "./caseParts";

const dialogs = () => import("./dialogs");
const MakeCaseSheet = lazily(() => dialogs().then((part) => part.MakeCaseSheet), "unless it fails");
const RetractSheet = lazily(() => dialogs().then((part) => part.RetractSheet), "unless it fails");
const VersionsSheet = lazily(() => dialogs().then((part) => part.VersionsSheet), "unless it fails");

type Layer = { kind: "versions"; message: string } | { kind: "case" | "retract"; line: MessageLine };

export function Room({ view, at, fresh }: { view: RoomView; at: number | null; fresh: boolean }) {
  const t = words();
  const composer = useRef<ComposerHandle | null>(null);
  const toNewest = useRef<(() => void) | null>(null);
  const menu = useSignal<{ line: MessageLine; anchor: HTMLElement } | null>(null);
  const layer = useSignal<Layer | null>(null);
  const room = view.item.value;
  const fail = (error: unknown) => toast(error instanceof Error ? error.message : t.shell.errorTitle);

  const acts = useMemo<LogActs>(() => ({
    reply: (line) => { view.draft.value = { ...view.draft.peek(), replyTo: line.item.message }; composer.current?.focus(); },
    edit: (line) => composer.current?.edit(line),
    menu: (line, anchor) => (menu.value = { line, anchor }),
    jump: (seq) => void view.jumpTo(seq).catch(fail),
    react: (line, reaction) => void (line.item.mine.includes(reaction) ? view.unreact(line.item.message, reaction) : view.react(line.item.message, reaction)).catch(fail),
    versions: (message) => (layer.value = { kind: "versions", message }),
    moderate: (line) => (moderating.value = { kind: "tray", room: view.id, message: line?.item.message ?? null }),
    toComposer: () => composer.current?.focus(),
  }), [view]);

  // Opening with a mouse and keyboard focuses the composer; a finger would only raise the keyboard over the text.
  useEffect(() => { if (!touch.value && at === null) composer.current?.focus(); }, [view]);
  useEffect(() => {
    if (at !== null) void (fresh ? view.land(at) : view.jumpTo(at)).catch(fail);
  }, [view, at, fresh]);
  useEffect(() => {
    document.title = room ? `${room.title || t.room.caseGone} · ${t.shell.app}` : t.shell.app;
    return () => { document.title = t.shell.app; };
  }, [room?.title]);
  useEffect(() => () => { caseSheet.value = false; }, [view]);

  if (view.gone.value) return (
    <section class="room"><Empty title={view.gone.value === "room.left" ? t.room.goneLeft : view.gone.value === "room.not_found" ? t.room.goneNotFound : t.room.gone}>
      {view.gone.value === "room.removed" && <button type="button" class="btn" onClick={() => (moderating.value = { kind: "mine" })}>{t.room.goneWhy}</button>}
      {session.value.me?.mod && view.gone.value !== "room.deleted" && <button type="button" class="btn mod" onClick={() => (moderating.value = { kind: "enter", room: view.id, then: () => void roomTouched(view.id) })}><Shield />{t.moderation.enterAs}</button>}
      <a class="link" href={session.value.me?.mod ? "/moderation" : "/"}>{session.value.me?.mod ? t.moderation.console : t.shell.toRooms}</a>
    </Empty></section>
  );
  if (!room) return <section class="room"><ConnectionBar /><Problem error={view.error.value} retry={() => navigate(location.pathname)} />{!view.error.value && <Skeletons rows={6} />}</section>;

  const title = room.title || t.room.caseGone;
  const open = layer.value;
  // This one alone: what was done in it may be answered when another is open.
  const close = () => { if (layer.peek() === open) layer.value = null; };
  const retract = (line: MessageLine) => () => void view.retract(line.item.message).catch(fail);
  return (
    <section class="room" aria-label={title}>
      <Header view={view} room={room} onModerate={() => acts.moderate(null)} />
      <div class="bars"><ConnectionBar /></div>
      {room.case && narrow.value && (
        <button type="button" class="strip" onClick={() => (caseSheet.value = true)} aria-haspopup="dialog">
          <span class="code">{room.code}</span><Status status={room.case.status} />{room.case.urgency === "hour" && <span class="tag urgent">{t.room.urgent}</span>}
          <span class="link">{t.room.sheet}<Icon name="down" size="small" /></span>
        </button>
      )}
      <Pinned view={view} onJump={acts.jump} />
      {room.case && <CaseTop view={view} room={room} />}
      {view.error.value && connection.value.state === "live" && <Problem error={view.error.value} retry={() => (view.error.value = null)} />}
      <Log view={view} acts={acts} title={title} atNewest={toNewest} key={view.id} />
      <Typing view={view} />
      <Composer view={view} handle={composer} onSent={() => toNewest.current?.()} key={`c${view.id}`} />
      {room.case && caseSheet.value && !wide.value && (
        <Sheet title={t.cases.sheetTitle} side={narrow.value ? "center" : "right"} onClose={() => (caseSheet.value = false)} bare>
          <div class="panel sheet-panel"><Panel view={view} room={room} onClose={() => (caseSheet.value = false)} /></div>
        </Sheet>
      )}
      {menu.value && <MessageMenu line={menu.value.line} anchor={menu.value.anchor} view={view} acts={acts} onClose={() => (menu.value = null)} {...menuActs(menu.value.line, layer, acts)} />}
      {open?.kind === "versions" && <VersionsSheet message={open.message} onClose={close} />}
      {open?.kind === "case" && <MakeCaseSheet line={open.line} onClose={close} />}
      {open?.kind === "retract" && <RetractSheet onClose={close} onRetract={retract(open.line)} />}
    </section>
  );
}

const menuActs = (line: MessageLine, layer: { value: Layer | null }, acts: LogActs) => ({
  onEdit: () => acts.edit(line),
  onCase: () => (layer.value = { kind: "case", line }),
  onRetract: () => (layer.value = { kind: "retract", line }),
});

/** The newest pinned message, under the header, with a jump. */
function Pinned({ view, onJump }: { view: RoomView; onJump: (seq: number) => void }) {
  const t = words().room;
  const pin = view.state.value?.pins.at(-1);
  if (!pin) return null;
  const line = view.lines.value.find((one): one is MessageLine => one.type === "message" && one.item.message === pin.message);
  return (
    <div class="pinned">
      <Icon name="pin" />
      <div class="grow"><p><span class="strong">{t.accepted}</span>{line?.item.actor && <span class="second"> {line.item.actor.name}</span>}</p>{line?.item.body && <p>{line.item.body}</p>}</div>
      <button type="button" class="link reach" onClick={() => onJump(pin.seq)}>{t.see}</button>
    </div>
  );
}

/** At most two names, in a line of fixed height; never announced. */
function Typing({ view }: { view: RoomView }) {
  const t = words().room;
  const names = view.typing.value.map((one) => shortName(one.name));
  return (
    <div class="typing" aria-hidden="true">
      {names.length > 0 && <><span class="dots"><i /><i /><i /></span><span class="one-line">{names.length === 1 ? t.typingOne(names[0]!) : names.length === 2 ? t.typingTwo(names[0]!, names[1]!) : t.typingMany}</span></>}
    </div>
  );
}
