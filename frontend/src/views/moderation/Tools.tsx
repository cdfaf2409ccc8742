/** The tray's inside: the reason first, then the tools with their keys; what was done can be undone for ten seconds. */
import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useId, useMemo, useRef } from "preact/hooks";
import { mod } from "../../i18n/console";
import { lang } from "../../i18n";
import { undo, type Done } from "../../moderation/door";
import { groups, rooms, specialties, type RoomItem } from "../../store";
import { say, toast } from "../parts/announce";
import { Problem } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { DURATIONS, lastingWords, SILENCES, SLOWS, SUSPENSIONS, toolsFor, type Asks, type Section, type Target, type Tool } from "./toolbox";

export type ToolKeys = (key: string) => boolean;
const ARMED = 6_000;
/** Longer words than this have a line of their own. */
const SHORT = 11;
const SECTIONS: Section[] = ["message", "room", "case", "person"];

/** `keys` is given a function that takes a key and says whether it was one of a tool. */
export function Tools({ target, keys, onDone, first = "" }: { target: Target; keys?: { current: ToolKeys | null }; onDone?: (tool: Tool, done: Done) => void; first?: string }) {
  const t = mod().tools;
  const reason = useSignal(first);
  const lasts = useSignal<number | null>(null);
  const missing = useSignal(false);
  const open = useSignal<Tool | null>(null);
  const armed = useSignal<string | null>(null);
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const selectId = useId();
  const field = useRef<HTMLInputElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const tools = useMemo(() => toolsFor(target), [target, lang()]);

  useEffect(() => {
    if (!armed.value) return;
    const timer = setTimeout(() => (armed.value = null), ARMED);
    return () => clearTimeout(timer);
  }, [armed.value]);
  // What a tool asks for has the focus at once: the keyboard goes on where the key was pressed.
  useEffect(() => { if (open.value) box.current?.querySelector<HTMLElement>(".asks-more :is(button, input, select)")?.focus(); }, [open.value]);

  const run = async (tool: Tool, chosen: unknown) => {
    const mark = `${tool.id}:${JSON.stringify(chosen ?? null)}`;
    if (tool.twice && armed.value !== mark) {
      armed.value = mark;
      say(t.again(tool.label));
      return;
    }
    armed.value = null;
    busy.value = true;
    error.value = null;
    try {
      const done = await tool.run(reason.value.trim(), chosen, tool.lasting ? lasts.value : null);
      open.value = null;
      lasts.value = null;
      told(tool.label, done, tool.back);
      onDone?.(tool, done);
    } catch (why) {
      error.value = why;
    } finally {
      busy.value = false;
    }
  };
  const press = (tool: Tool) => {
    if (busy.value) return;
    if (!tool.free && !reason.value.trim()) {
      missing.value = true;
      field.current?.focus();
      return;
    }
    missing.value = false;
    if (tool.asks) open.value = open.value?.id === tool.id ? null : tool;
    else { open.value = null; void run(tool, undefined); }
  };
  const motives = motivesOf();
  const pick = (text: string) => { reason.value = text; missing.value = false; };
  if (keys) keys.current = (key) => {
    const motive = motives[Number(key) - 1];
    if (motive) { pick(motive[1]); say(motive[0]); return true; }
    if (key.toLowerCase() === "t" && tools.some((one) => one.lasting)) {
      lasts.value = DURATIONS[(DURATIONS.indexOf(lasts.value) + 1) % DURATIONS.length]!;
      say(t.lastsNow(lastsWords(lasts.value)));
      return true;
    }
    const tool = tools.find((one) => one.key === key.toLowerCase());
    if (!tool) return false;
    press(tool);
    return true;
  };
  const headings: Record<Section, string> = { message: t.message, room: t.room, case: t.theCase, person: target.person?.name ?? t.person };
  return (
    <div class="tools" ref={box}>
      <fieldset class="motives"><legend>{t.motive}</legend>
        <div class="motive-grid">{motives.map(([label, text], at) => (
          <button type="button" class="chip" aria-pressed={reason.value === text} onClick={() => pick(text)} key={label}>{label}<kbd>{at + 1}</kbd></button>
        ))}</div>
        <input ref={field} class="input" maxLength={200} value={reason.value} placeholder={t.motiveField} aria-label={t.motiveField} aria-invalid={missing.value} aria-describedby={missing.value ? "motive-first" : undefined}
          onInput={(event) => { reason.value = event.currentTarget.value; missing.value = false; }} />
        {missing.value && <p class="over label" role="alert" id="motive-first">{t.motiveFirst}</p>}
      </fieldset>
      {tools.some((one) => one.lasting) && <div class="duration"><label class="label second" for={selectId}>{t.duration}</label>
        <select id={selectId} class="input grow" aria-keyshortcuts="T" value={String(lasts.value)} onChange={(event) => (lasts.value = DURATIONS[event.currentTarget.selectedIndex]!)}>
          {DURATIONS.map((one) => <option value={String(one)} key={String(one)}>{lastsWords(one)}</option>)}
        </select><kbd aria-hidden="true">T</kbd>
      </div>}
      {SECTIONS.map((section) => {
        const own = tools.filter((tool) => tool.section === section);
        if (!own.length) return null;
        return (
          <section class="tool-section" aria-label={headings[section]} key={section}>
            <h3 class="one-line">{headings[section]}</h3>
            <div class="tool-grid">
              {own.map((tool) => <ToolButton tool={tool} lasts={tool.lasting ? lasts.value : null} armed={!!tool.twice && !tool.asks && armed.value !== null && armed.value.startsWith(`${tool.id}:`)} open={open.value?.id === tool.id} busy={busy.value} onPress={() => press(tool)} key={tool.id} />)}
            </div>
            {open.value?.section === section && open.value.asks && (
              <More tool={open.value} asks={open.value.asks} target={target} armed={armed.value} busy={busy.value} onPick={(chosen) => void run(open.value!, chosen)} onClose={() => (open.value = null)} />
            )}
          </section>
        );
      })}
      <Problem error={error.value} />
      <p class="undoable meta second"><Icon name="undo" size="small" />{t.undoable}</p>
    </div>
  );
}

/** How long a measure lasts, in words. */
const lastsWords = (seconds: number | null): string => (seconds === null ? mod().tools.untilEnded : lastingWords(seconds));

type Motives = readonly (readonly [label: string, text: string])[];
const motivesOf = (): Motives => {
  const t = mod().tools;
  return [[t.identifier, t.identifierText], [t.danger, t.dangerText], [t.words, t.wordsText], [t.offTopic, t.offTopicText]];
};

/** The reason alone, as the room will read it: one of the usual ones, or one's own words. */
export function Motive({ reason }: { reason: Signal<string> }) {
  const t = mod().tools;
  return (
    <fieldset class="motives"><legend>{t.motive}</legend>
      <div class="motive-grid">{motivesOf().map(([label, text]) => <button type="button" class="chip" aria-pressed={reason.value === text} onClick={() => (reason.value = text)} key={label}>{label}</button>)}</div>
      <input class="input" maxLength={200} required value={reason.value} placeholder={t.motiveField} aria-label={t.motiveField} onInput={(event) => (reason.value = event.currentTarget.value)} />
    </fieldset>
  );
}

/** The last act that can still be undone from here, for ten seconds. */
let last: { act: string; at: number } | null = null;
const UNDO = 10_000;

/** `back`: it was itself the undoing of something. */
export function told(what: string, done: Done, back = false): void {
  const t = mod().tools;
  if (done.unchanged) return toast(t.unchanged);
  last = done.act && !back ? { act: done.act, at: Date.now() } : null;
  toast(t.done(what), last ? { label: t.undo, run: () => void undoLast() } : undefined);
}

/** False where there is nothing to undo any more. */
export async function undoLast(): Promise<boolean> {
  if (!last || Date.now() - last.at > UNDO) return false;
  const { act } = last;
  last = null;
  try {
    await undo(act);
    toast(mod().tools.undone);
  } catch (why) {
    toast(why instanceof Error ? why.message : String(why));
  }
  return true;
}

function ToolButton({ tool, lasts, armed, open, busy, onPress }: { tool: Tool; lasts: number | null; armed: boolean; open: boolean; busy: boolean; onPress: () => void }) {
  const t = mod().tools;
  return (
    <button type="button" class={`tool${tool.label.length > SHORT ? " wide-tool" : ""}${armed ? " armed" : ""}${tool.id === "hide" ? " main-tool" : ""}`} disabled={busy} aria-expanded={tool.asks ? open : undefined} aria-keyshortcuts={tool.key?.toUpperCase()} onClick={onPress}>
      <Icon name={tool.icon} /><span class="grow">{armed ? t.again(tool.label) : tool.label}{lasts !== null && <> <span class="for-how-long">· {lastingWords(lasts)}</span></>}</span>{tool.key && <kbd aria-hidden="true">{tool.key.toUpperCase()}</kbd>}
    </button>
  );
}

interface MoreProps { tool: Tool; asks: Asks; target: Target; armed: string | null; busy: boolean; onPick: (chosen: unknown) => void; onClose: () => void }

/** What a tool still asks for; each choice is the press that does it. */
function More({ tool, asks, target, armed, busy, onPick, onClose }: MoreProps) {
  const t = mod().tools;
  const exempt = useSignal(target.kind === "case");
  const choice = (label: string, chosen: unknown) => {
    const hot = armed === `${tool.id}:${JSON.stringify(chosen)}`;
    return <button type="button" class={`btn${hot ? " danger" : ""}`} disabled={busy} onClick={() => onPick(chosen)} key={label}>{hot ? t.again(label) : label}</button>;
  };
  const onKey = (event: KeyboardEvent) => { if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); onClose(); } };
  return (
    <div class="asks-more" role="group" aria-label={tool.label} onKeyDown={onKey}>
      {asks === "silence" && <><p class="label second">{t.forHowLong}</p><div class="row wrap">{SILENCES.map((s) => choice(lastingWords(s), s))}</div></>}
      {asks === "suspend" && <><p class="label second">{t.forHowLong}</p><div class="row wrap">{SUSPENSIONS.map((s) => choice(lastingWords(s), s))}</div></>}
      {asks === "slow" && <>
        <p class="label second">{t.slowEvery}</p>
        <div class="row wrap">{SLOWS.map((s) => <button type="button" class="btn" disabled={busy} onClick={() => onPick({ seconds: s, answers_exempt: exempt.value })} key={s}>{lastingWords(s)}</button>)}</div>
        {target.kind === "case" && <label class="check"><input type="checkbox" checked={exempt.value} onChange={(event) => (exempt.value = event.currentTarget.checked)} /><span>{t.exempt}</span></label>}
      </>}
      {asks === "image" && <><p class="label second">{t.whichPicture}</p><div class="row wrap">{tool.pictures?.map((id) => choice(t.picture((target.message?.images.indexOf(id) ?? 0) + 1), id))}</div></>}
      {asks === "specialty" && <SpecialtyPick busy={busy} onPick={onPick} />}
      {(asks === "room" || asks === "group" || asks === "case") && <RoomPick asks={asks} not={target.room} busy={busy} onPick={onPick} />}
    </div>
  );
}

function SpecialtyPick({ busy, onPick }: { busy: boolean; onPick: (code: string) => void }) {
  const t = mod().tools;
  const code = useSignal("");
  return (
    <div class="row"><select class="input grow" aria-label={t.expert} value={code.value} onChange={(event) => (code.value = event.currentTarget.value)}>
      <option value="">{t.anySpecialty}</option>
      {specialties.value?.groups.map((group) => <optgroup label={group.name[lang()]} key={group.code}>{group.specialties.map((one) => <option value={one.code} key={one.code}>{one.label}</option>)}</optgroup>)}
    </select><button type="button" class="btn" disabled={busy} onClick={() => onPick(code.value)}>{t.do}</button></div>
  );
}

/** A room by its name among those known here, or by its pasted address. */
function RoomPick({ asks, not, busy, onPick }: { asks: "room" | "group" | "case"; not: string | null; busy: boolean; onPick: (room: string) => void }) {
  const t = mod().tools;
  const typed = useSignal("");
  const listed = useSignal<RoomItem[]>([]);
  useEffect(() => { if (asks !== "case") void groups().then((all) => (listed.value = all), () => undefined); }, [asks]);
  const kind = asks === "case" ? "case" : "group";
  const all = [...listed.value, ...rooms.value].filter((one, at, list) => one.kind === kind && one.id !== not && list.findIndex((other) => other.id === one.id) === at);
  const wanted = typed.value.trim().toLocaleLowerCase();
  const pasted = /\/rooms\/([0-9a-f-]{36})/.exec(typed.value)?.[1];
  const found = all.filter((one) => one.title.toLocaleLowerCase().includes(wanted)).slice(0, 6);
  const label = asks === "case" ? t.intoWhich : t.where;
  return (
    <div class="col"><input class="input" value={typed.value} placeholder={label} aria-label={label} onInput={(event) => (typed.value = event.currentTarget.value)} />
      <div class="row wrap">{pasted && pasted !== not ? <button type="button" class="btn" disabled={busy} onClick={() => onPick(pasted)}>{t.do}</button>
        : found.map((one) => <button type="button" class="btn" disabled={busy} onClick={() => onPick(one.id)} key={one.id}>{one.title}</button>)}</div></div>
  );
}
