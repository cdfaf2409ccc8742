/** Where one writes: a draft that is always kept, replies, edits, mentions, and the reasons it may be closed. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Confirmed, Line, PersonCard, RoomView } from "../../store";
import { clockSkew, connection, join, session } from "../../store";
import type { Mention } from "../../protocol";
import { words } from "../../i18n";
import { clock, moment, until } from "../../i18n/time";
import { actOn, forget } from "../../moderation/reasons";
import { leaveRoom } from "../../moderation/visit";
import { moderating } from "../layers";
import { say } from "../parts/announce";
import { Problem } from "../parts/atoms";
import { Icon, Shield } from "../parts/icons";
import { IdentifierNotes, Marked, useIdentifiers } from "../parts/identifiers";
import { lazily } from "../parts/lazy";
import { familyName, shortName } from "../parts/names";
import { narrow, touch } from "../prefs";
import { visits } from "./visiting";
import type { Kept } from "../../pictures/kept";
import { NONE, type Chosen } from "../picture/chosen";
import { MentionPicker, type PickerKeys } from "./MentionPicker";
import { insertMention, mentionAt, shiftMentions, trimmed } from "./mentions";
import type { MessageLine } from "./Message";

/** The protocol's default; the server says no again if it is told otherwise. */
const bodyChars = 8_000;
const warnFrom = 7_500;

const Tray = lazily(() => import("../picture/Tray").then((part) => part.default));
const Hints = lazily(() => import("../parts/Hints").then((part) => part.default), true);

interface Editing { line: MessageLine; body: string; mentions: Mention[] }
export interface ComposerHandle { focus(): void; edit(line: MessageLine): void }

export function Composer({ view, handle, onSent }: { view: RoomView; handle: { current: ComposerHandle | null }; onSent: () => void }) {
  const t = words().room;
  const area = useRef<HTMLTextAreaElement>(null);
  const editing = useSignal<Editing | null>(null);
  const asking = useSignal<{ start: number; query: string } | null>(null);
  const keys = useRef<PickerKeys | null>(null);
  const failure = useSignal<unknown>(null);
  /** An edit that was refused while the next message was being written: it waits beside the field. */
  const refused = useSignal<{ edit: Editing; why: unknown } | null>(null);
  const busy = useSignal(false);
  const left = useSlowMode(view);
  const files = useSignal<File[]>([]);
  const pictured = useSignal(false);
  const chosen = useSignal<Chosen | null>(NONE);
  const sent = useSignal(0);
  const picker = useRef<HTMLInputElement>(null);
  const pictures = pictured.value && !editing.value;
  /** Pictures that are still on their way hold the message back. */
  const unready = pictures && chosen.value === null;
  const attach = (some: FileList | File[] | null | undefined) => {
    const found = [...(some ?? [])].filter((file) => file.type.startsWith("image/") || /\.(heic|heif|dcm)$/i.test(file.name));
    if (!found.length) return false;
    if (!pictured.value) chosen.value = null; // until the tray, whose script may still come, says otherwise
    pictured.value = true;
    files.value = [...files.value, ...found];
    return true;
  };

  /** Pictures of the draft that an earlier page left. */
  const held = useRef<Kept[]>([]);
  const before = view.draft.value.pictures;
  useEffect(() => {
    if (!before?.length || pictured.peek()) return;
    held.current = before;
    chosen.value = null;
    pictured.value = true;
  }, [before]);
  const onKept = (some: Kept[]) => {
    const { pictures: known, ...draft } = view.draft.peek();
    if (some.length || known?.length) view.draft.value = { ...draft, ...(some.length ? { pictures: some } : {}) };
  };

  const room = view.item.value;
  const state = view.state.value;
  const text = editing.value ?? view.draft.value;
  const size = text.body.length > warnFrom ? [...text.body].length : text.body.length;
  const over = size > bodyChars;
  const blank = !text.body.trim();
  const watch = useIdentifiers(text.body, () => doctorsOf(view));

  handle.current = {
    focus: () => area.current?.focus(),
    edit: (line) => {
      if (busy.value) return; // what is being saved comes back into the field if it is refused
      const body = line.item.body ?? "";
      editing.value = { line, body, mentions: line.item.mentions ?? [] };
      if (area.current) writeOn(area.current, body, body.length);
    },
  };

  const put = (body: string, mentions: Mention[]) => {
    if (editing.value) editing.value = { ...editing.value, body, mentions };
    else view.draft.value = { ...view.draft.value, body, mentions };
  };

  // The field is as high as its text, up to a share of the screen that the style sheet sets.
  const fit = () => {
    const field = area.current;
    if (!field) return;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  };
  useLayoutEffect(fit, [text.body, narrow.value]);
  // What stands beside it comes and goes, and leaves it more or less room: narrower, the same words are higher.
  useEffect(() => {
    if (!area.current) return;
    let wide = 0;
    const seen = new ResizeObserver(([one]) => { if (one && one.contentRect.width !== wide) { wide = one.contentRect.width; fit(); } });
    seen.observe(area.current);
    return () => seen.disconnect();
  }, []);

  const onInput = (event: Event) => {
    const field = event.currentTarget as HTMLTextAreaElement;
    put(field.value, shiftMentions(text.body, field.value, text.mentions));
    asking.value = mentionAt(field.value, field.selectionStart);
    if (field.value.trim() && !editing.value) view.typed();
  };

  const pick = (person: PersonCard) => {
    const field = area.current!;
    const at = asking.value;
    if (!at) return;
    const made = insertMention(text.body, at.start, field.selectionStart, { id: person.id, name: person.name ?? "?" }, text.mentions);
    put(made.body, made.mentions);
    asking.value = null;
    writeOn(field, made.body, made.caret);
  };

  const editAgain = () => {
    if (busy.value || !refused.value) return;
    const { edit } = refused.value;
    editing.value = edit;
    refused.value = null;
    writeOn(area.current!, edit.body, edit.body.length);
  };
  const stopEdit = () => { editing.value = null; failure.value = null; area.current?.focus(); };

  const submit = async () => {
    if (blank || over || unready || busy.value || (left > 0 && !editing.value)) return;
    await watch.ready();
    // Pressed twice while the rules were on their way, or written on: what was not looked at is for the next press.
    if (busy.value || (editing.value ?? view.draft.value).body !== text.body) return;
    if (pictured.value && !editing.value && chosen.value === null) return; // a picture was added meanwhile
    const ready = trimmed(text.body, text.mentions);
    const seen = watch.check(text.body);
    if (seen.open) {
      say(words().identifiers.held);
      document.querySelector<HTMLElement>("#composer-identifiers button")?.focus();
      return;
    }
    const confirmed = seen.confirmed as Confirmed | null ?? undefined;
    const edited = editing.value;
    const written = view.draft.value;
    failure.value = null;
    busy.value = true;
    try {
      if (edited) {
        stopEdit(); // at once: what is typed while it is saved is the next message
        await view.edit(edited.line.item, ready.body, ready.mentions, confirmed);
      } else {
        const { replyTo } = written;
        view.draft.value = { body: "", replyTo: null, mentions: [] };
        const { images, marks } = (pictures && chosen.value) || NONE;
        await view.send(ready.body, { replyTo, mentions: ready.mentions, confirmed, ...(images.length ? { images, marks } : {}) });
        sent.value++;
        chosen.value = NONE;
        onSent();
      }
    } catch (error) {
      // What was written must be back where it was, unless something else has been written since.
      if (edited && view.draft.value.body !== written.body) { refused.value = { edit: edited, why: error }; return; }
      if (edited) editing.value = edited;
      else if (!editing.value && !view.draft.value.body) view.draft.value = { ...written, body: ready.body, replyTo: null, mentions: ready.mentions };
      failure.value = error;
    } finally {
      busy.value = false;
    }
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (asking.value && keys.current?.(event)) { event.preventDefault(); return; }
    if (event.key === "Enter" && !event.shiftKey && (!touch.value || event.ctrlKey || event.metaKey)) { event.preventDefault(); void submit(); }
    else if (event.key === "Escape" && (asking.value || editing.value || view.draft.value.replyTo)) {
      event.preventDefault();
      event.stopPropagation();
      if (asking.value) asking.value = null;
      else if (editing.value) stopEdit();
      else view.draft.value = { ...view.draft.value, replyTo: null };
    } else if (event.key === "ArrowUp" && !text.body && !editing.value) {
      const mine = [...view.lines.value].reverse().find((line): line is MessageLine => line.type === "message" && line.own && !line.item.withheld && !line.item.case);
      if (mine) { event.preventDefault(); handle.current?.edit(mine); }
    }
  };

  const closed = useClosed(view);
  if (closed) return <div class="composer" id="composer" tabIndex={-1}>{closed}</div>;
  const visiting = visits(view);
  if (room?.kind === "group" && !room.member && state?.role == null && !visiting) return (
    <div class="composer" id="composer" tabIndex={-1}>
      <div class="note"><Icon name="people" /><span class="grow">{t.joinToWrite}</span><button type="button" class="btn primary" onClick={() => void join(view.id).catch((error: unknown) => (failure.value = error))}>{t.joinRoom}</button></div>
      <Problem error={failure.value} />
    </div>
  );

  const replied = !editing.value && text && view.draft.value.replyTo ? findLine(view.lines.value, view.draft.value.replyTo) : null;
  const hint = visiting ? words().moderation.writeAs : room?.kind === "case" && room.case?.author && room.case.author.id !== session.value.me?.id ? t.answerTo(shortName(room.case.author.name)) : room?.kind === "private" ? t.writeTo : t.write;
  const counting = left > 0 && !editing.value;
  return (
    <div class="composer">
      <Problem error={failure.value} />
      {!editing.value && <Problem error={refused.value?.why} retry={editAgain} />}
      {visiting && <Visiting view={view} />}
      <IdentifierNotes id="composer" text={text.body} watch={watch} onReplace={(body) => put(body, shiftMentions(text.body, body, text.mentions))} />
      {!blank && !visiting && room && room.kind !== "private" && <Hints id="composer-hints" text={text.body} />}
      <div class={`composer-box small${over ? " over" : ""}${visiting ? " mod" : ""}`} onDragOver={(event) => { if (!editing.value) event.preventDefault(); }}
        onDrop={(event) => { if (!editing.value && attach(event.dataTransfer?.files)) event.preventDefault(); }}>
        {editing.value && <div class="composer-top"><Icon name="edit" size="small" /><span class="grow one-line">{t.editing}</span><button type="button" class="icon-btn" aria-label={t.stopEdit} onClick={stopEdit}><Icon name="close" size="small" /></button></div>}
        {!editing.value && view.draft.value.replyTo && (
          <div class="composer-top"><Icon name="reply" size="small" />
            <span class="grow one-line">{t.replyingTo(shortName(replied?.item.actor?.name ?? t.someone))}{replied?.item.body ? ` · ${replied.item.body}` : ""}</span>
            <button type="button" class="icon-btn" aria-label={t.stopReply} onClick={() => { view.draft.value = { ...view.draft.value, replyTo: null }; area.current?.focus(); }}><Icon name="close" size="small" /></button>
          </div>
        )}
        {pictures && <Tray files={files} chosen={chosen} sent={sent.value} kept={held.current} onKept={onKept} />}
        <Marked text={text.body} watch={watch} look="small">
        <textarea id="composer" aria-describedby="composer-identifiers composer-hints" ref={area} rows={1} value={text.body} placeholder={hint} aria-label={hint} dir="auto" autocomplete="off" enterkeyhint={touch.value ? "enter" : "send"}
          aria-controls={asking.value ? "mention-options" : undefined} aria-autocomplete={asking.value ? "list" : undefined}
          onInput={onInput} onKeyDown={onKey} onPaste={(event) => { if (!editing.value && attach(event.clipboardData?.files)) event.preventDefault(); }} onBlur={() => setTimeout(() => (asking.value = null), 150)}
          onClick={(event) => (asking.value = mentionAt(event.currentTarget.value, event.currentTarget.selectionStart))} />
        </Marked>
        <div class="composer-foot">
          {!editing.value && (
            <>
              <button type="button" class="icon-btn attach" aria-label={t.attach} title={t.attach} onClick={() => picker.current?.click()}><Icon name="photo" /></button>
              <input ref={picker} type="file" class="unseen" tabIndex={-1} aria-hidden="true" accept="image/*,.heic,.heif,.dcm" multiple onChange={(event) => { attach(event.currentTarget.files); event.currentTarget.value = ""; }} />
            </>
          )}
          {over ? <span class="over" role="alert">{t.over(size - bodyChars)}</span> : size > warnFrom ? <span>{t.left(bodyChars - size)}</span>
            : state?.slow_mode ? <span class="hint">{state.answers_exempt ? words().moderation.slowFor(t.slow(state.slow_mode)) : t.slow(state.slow_mode)}</span> : <span class="hint">{t.noNames}</span>}
          <button type="button" class={`btn send${blank || over || unready || counting || watch.blocked ? "" : " primary"}${counting ? " counting" : ""}`} disabled={blank || over || unready || counting || busy.value || watch.blocked} onClick={() => void submit()}
            onPointerDown={(event) => event.preventDefault()}>
            <Icon name={counting ? "hour" : "send"} /><span class="word">{counting ? t.wait(left) : editing.value ? t.saveEdit : t.send}</span>
          </button>
        </div>
        {asking.value && <MentionPicker room={view.id} query={asking.value.query} keys={keys} onPick={pick} onClose={() => (asking.value = null)} />}
      </div>
      {connection.value.unsent > 0 && narrow.value && <p class="composer-under">{t.keptHere}</p>}
    </div>
  );
}

/** The family names of those who write here or are here: after "Dr" they are no patients. */
function doctorsOf(view: RoomView): string[] {
  const here = [...view.lines.value.map((line) => (line.type === "message" ? line.item.actor : null)), ...(view.state.value?.present?.sample ?? []), session.value.me];
  return [...new Set(here.flatMap((actor) => (actor?.name ? [familyName(actor.name)] : [])))];
}

function findLine(lines: readonly Line[], message: string): MessageLine | null {
  return lines.find((line): line is MessageLine => line.type === "message" && line.item.message === message) ?? null;
}

/**
 * Text and caret at once, not after the next drawing: the next key may come before it, and a caret set later would undo a
 * selection made meanwhile, so that the new words would follow the old instead of replacing them.
 */
function writeOn(field: HTMLTextAreaElement, body: string, caret: number): void {
  field.value = body;
  field.focus();
  field.setSelectionRange(caret, caret);
}

/** A moderator in the room: said where they write, with the tools and the way out. */
function Visiting({ view }: { view: RoomView }) {
  const t = words().moderation;
  return (
    <div class="visiting">
      <Shield size="small" /><span class="grow">{t.youModerate}</span>
      <button type="button" class="link reach" onClick={() => (moderating.value = { kind: "tray", room: view.id, message: null })}>{t.tools}</button>
      <button type="button" class="link reach" onClick={() => leaveRoom(view)}>{t.leave}</button>
    </div>
  );
}

/** Seconds until one may send again; the text stays editable meanwhile. */
function useSlowMode(view: RoomView): number {
  const seconds = view.state.value?.slow_mode ?? 0;
  const tick = useSignal(0);
  const last = seconds ? [...view.lines.value].reverse().find((line) => line.type === "message" && line.own) : undefined;
  const until = last?.type === "message" ? Date.parse(last.item.at) + seconds * 1_000 - clockSkew.value : 0;
  const state = view.state.value;
  // As the server has it: owners and moderators of the room, the asker, a moderator in the room; and answers, where they are let through.
  const exempt = visits(view) || state?.role === "moderator" || state?.role === "owner" || view.item.value?.case?.author?.id === session.value.me?.id
    || (!!state?.answers_exempt && !!view.draft.value.replyTo);
  const left = exempt || !seconds ? 0 : Math.max(0, Math.ceil((until - Date.now()) / 1_000));
  useEffect(() => {
    if (left <= 0) return;
    const timer = setTimeout(() => tick.value++, 1_000);
    return () => clearTimeout(timer);
  }, [left, tick.value]);
  return left;
}

function useClosed(view: RoomView) {
  const t = words().room;
  const tick = useSignal(0);
  const state = view.state.value;
  const lock = state?.lock ?? view.item.value?.lock ?? null;
  const silenced = state?.silenced_until ? Date.parse(state.silenced_until) - clockSkew.value : 0;
  useEffect(() => {
    const wait = silenced - Date.now();
    if (wait <= 0 || wait > 2 ** 31 - 1) return;
    const timer = setTimeout(() => tick.value++, wait + 200);
    return () => clearTimeout(timer);
  }, [silenced]);
  void tick.value;
  const isSilenced = silenced > Date.now();
  const me = session.value.me?.id ?? "";
  // The act behind it: for the reason that no event carries, and for the appeal.
  const act = isSilenced ? actOn(view.id, me) : undefined;
  useEffect(() => (isSilenced ? () => forget(view.id, me) : undefined), [view.id, state?.silenced_until]);
  if (isSilenced) {
    const m = words().moderation;
    const free = silenced - Date.now() < 20 * 3_600_000 ? t.silenced(clock(silenced)) : m.silencedUntil(moment(new Date(silenced).toISOString()));
    const reason = state?.silence_reason ?? act?.reason;
    return <div class="note confirm" role="alert"><Icon name="mute" /><span class="grow">{reason ? m.silencedWhy(free, reason) : free}</span>
      {act && <button type="button" class="link reach" onClick={() => (moderating.value = { kind: "appeal", act: act.act })}>{m.contest}</button>}</div>;
  }
  if (lock && !visits(view) && state?.role !== "moderator") {
    const by = state?.lock?.actor?.name;
    const locked = by ? t.lockedBy(shortName(by)) : t.locked;
    const said = state?.lock?.until ? `${locked} ${until(Date.parse(state.lock.until) - clockSkew.value)}` : locked;
    return <div class="note"><Icon name="lock" /><span>{lock.reason ? t.lockedWhy(said, lock.reason) : said}</span></div>;
  }
  return null;
}
