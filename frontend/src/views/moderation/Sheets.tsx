/** Sheets that anyone may open: flagging, the room's record of moderation, an appeal, one's own flags. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { mod } from "../../i18n/console";
import { words } from "../../i18n";
import { brief, moment } from "../../i18n/time";
import { answer, appeal, CATEGORIES, myAppeals, myReports, record, report, undo, type Act, type Category, type MyAppeal, type ReportAboutMe } from "../../moderation/door";
import { reasonWords } from "../../moderation/reasons";
import { session } from "../../store";
import { toast } from "../parts/announce";
import { Empty, Problem, Segments, Skeletons } from "../parts/atoms";
import { Icon, Shield } from "../parts/icons";
import { shortName } from "../parts/names";
import { nameOf } from "../parts/people";
import { Sheet } from "../parts/sheet";
import { moderating, shut, type Moderating } from "../layers";
import "../../styles/moderation.css";

const close = () => (moderating.value = null);

export default function Sheets({ layer }: { layer: Moderating }) {
  switch (layer.kind) {
    case "report": return <Report layer={layer} />;
    case "record": return <Record room={layer.room} />;
    case "appeal": return <Appeal layer={layer} />;
    case "mine": return <Mine />;
    default: return null;
  }
}

function Report({ layer }: { layer: Extract<Moderating, { kind: "report" }> }) {
  const t = mod().flag;
  const category = useSignal<Category | null>(null);
  const what = useSignal(layer.of.image ?? "");
  const note = useSignal("");
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const receipt = useSignal<{ report: string; duplicate?: boolean } | null>(null);
  const send = (event: Event) => {
    event.preventDefault();
    if (!category.value || busy.value) return;
    busy.value = true;
    error.value = null;
    const { image: _, ...of } = layer.of;
    report({ ...of, ...(what.value ? { image: what.value } : {}) }, category.value, note.value.trim())
      .then((answer) => (receipt.value = answer), (why: unknown) => (error.value = why)).finally(() => (busy.value = false));
  };
  if (receipt.value) return (
    <Sheet title={t.received} onClose={close}>
      <div class="col" role="status">
        <p class="note good"><Icon name="check" /><span>{receipt.value.duplicate ? t.receivedAgain : t.receivedText}</span></p>
        <p class="meta third">{t.number(receipt.value.report.slice(0, 8))}</p>
        <button type="button" class="btn primary tall" onClick={close}>{t.close}</button>
      </div>
    </Sheet>
  );
  const images = layer.images ?? [];
  return (
    <Sheet title={layer.name ? `${t.title} · ${layer.name}` : t.title} onClose={close}>
      <form onSubmit={send}>
        {images.length > 0 && layer.of.message && (
          <fieldset><legend>{t.what}</legend><Segments label={t.what} value={what.value} onPick={(value) => (what.value = value)}
            options={[{ value: "", label: t.theMessage }, ...images.map((one, at) => ({ value: one, label: t.thePicture(at + 1) }))]} /></fieldset>
        )}
        <fieldset class="choices"><legend>{t.why}</legend>
          {CATEGORIES.map((one) => (
            <label key={one}><input type="radio" name="category" value={one} checked={category.value === one} onChange={() => (category.value = one)} /><span>{words().moderation[one]}</span></label>
          ))}
        </fieldset>
        {category.value === "identifies_patient" && <p class="note"><Icon name="eye" /><span>{t.identifiesHint}</span></p>}
        <div class="input-block"><label for="report-note">{t.note}</label><span class="hint" id="report-note-hint">{t.noteHint}</span>
          <textarea class="input short" id="report-note" aria-describedby="report-note-hint" maxLength={500} value={note.value} onInput={(event) => (note.value = event.currentTarget.value)} /></div>
        <Problem error={error.value} />
        <button type="submit" class="btn primary tall" disabled={!category.value || busy.value}>{t.send}</button>
      </form>
    </Sheet>
  );
}

/** The words for one kind of act; a kind this version does not know is named as the protocol does. */
export function actWord(kind: string): string {
  const all = mod().record as unknown as { [word: string]: unknown };
  const word = all[kind.replace(/\./g, "_")];
  return typeof word === "string" ? word : kind;
}

/** Nobody reversed it: its time was over. */
const over = (act: Act): boolean => !!act.reversed && !act.reversed.by && !!act.until && act.reversed.at >= act.until;

export function ActRow({ act, onUndo, onContest }: { act: Act; onUndo?: ((act: Act) => void) | undefined; onContest?: (act: Act) => void }) {
  const t = mod().record;
  return (
    <li class={`act-row${act.reversed ? " reversed" : ""}`}>
      <div class="row wrap"><span class="strong">{actWord(act.kind)}</span>{act.person && <span class="second">{t.about(shortName(typeof act.person === "string" ? nameOf(act.person, null) : act.person.name))}</span>}
        <time class="meta third" dateTime={act.at} title={moment(act.at)}>{brief(act.at)}</time></div>
      <p class="list-size">{act.reason && <span>{reasonWords(act.reason)} · </span>}<span class="second">{act.moderator ? <><Shield size="small" /> {act.moderator.name}</> : t.system}</span>{act.until && !act.until.startsWith("9999") && <span class="second"> · {t.until(moment(act.until))}</span>}</p>
      {act.reversed ? <p class="label second">{over(act) ? t.ended(moment(act.reversed.at)) : t.reversed(act.reversed.by?.name ?? t.system, moment(act.reversed.at))}{act.reversed.reason ? ` · ${act.reversed.reason}` : ""}</p>
        : <>
          {onUndo && <button type="button" class="link reach" onClick={() => onUndo(act)}>{t.undo}</button>}
          {onContest && <button type="button" class="link reach" onClick={() => onContest(act)}>{words().moderation.contest}</button>}
        </>}
    </li>
  );
}

function Record({ room }: { room: string }) {
  const t = mod().record;
  const list = useSignal<Act[] | null>(null);
  const more = useSignal(false);
  const error = useSignal<unknown>(null);
  const load = (before: string | null) => record(room, before).then((page) => {
    if (before && list.peek()?.at(-1)?.act !== before) return; // pressed twice, or the list was read anew
    list.value = before ? [...(list.value ?? []), ...page.acts] : page.acts;
    more.value = page.more;
    error.value = null;
  }, (why: unknown) => (error.value = why));
  useEffect(() => void load(null), [room]);
  const reversible = (act: Act) => session.value.me?.mod && !/moderator\.(join|leave)|pin\.|unsilence|readmit|unlock|restore/.test(act.kind);
  const onUndo = (act: Act) => undo(act.act).then(() => { toast(mod().tools.undone); void load(null); }, (why: unknown) => (error.value = why));
  return (
    <Sheet title={words().moderation.record} onClose={close}>
      <Problem error={error.value} retry={() => void load(null)} />
      {!list.value && !error.value && <Skeletons rows={3} />}
      {list.value?.length === 0 && <Empty title={t.none} />}
      <ol class="acts">{list.value?.map((act) => <ActRow act={act} onUndo={reversible(act) ? onUndo : undefined} key={act.act} />)}</ol>
      {more.value && <button type="button" class="btn wide" onClick={() => void load(list.value?.at(-1)?.act ?? null)}>{t.more}</button>}
    </Sheet>
  );
}

function Appeal({ layer }: { layer: Extract<Moderating, { kind: "appeal" }> }) {
  const t = mod().appeal;
  return <Sheet title={t.title} onClose={close}><AppealForm act={layer.act} onSent={() => { shut(layer); toast(t.sent); }} /></Sheet>;
}

export function AppealForm({ act, onSent }: { act: string; onSent: () => void }) {
  const t = mod().appeal;
  const text = useSignal("");
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const send = (event: Event) => {
    event.preventDefault();
    busy.value = true;
    appeal(act, text.value.trim()).then(onSent, (why: unknown) => (error.value = why)).finally(() => (busy.value = false));
  };
  return (
    <form onSubmit={send}>
      <p class="list-size second">{t.intro}</p>
      <div class="input-block"><label for="appeal-text">{t.text}</label><span class="hint" id="appeal-hint">{t.textHint}</span>
        <textarea class="input short" id="appeal-text" aria-describedby="appeal-hint" maxLength={2000} required value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} /></div>
      <Problem error={error.value} />
      <button type="submit" class="btn primary tall" disabled={busy.value || !text.value.trim()}>{t.send}</button>
    </form>
  );
}

function Mine() {
  const t = mod().flag;
  const said = useSignal<(Awaited<ReturnType<typeof myReports>> & Awaited<ReturnType<typeof myAppeals>>) | null>(null);
  const error = useSignal<unknown>(null);
  const load = () => Promise.all([myReports(), myAppeals()]).then(([flags, acts]) => { said.value = { ...flags, ...acts }; error.value = null; }, (why: unknown) => (error.value = why));
  useEffect(() => void load(), []);
  const outcome = (one: { outcome: "open" | "dismissed" | "upheld" }) => <p class="list-size second">{t[one.outcome]}</p>;
  return (
    <Sheet title={t.mine} onClose={close}>
      <Problem error={error.value} retry={() => void load()} />
      {!said.value && !error.value && <Skeletons rows={2} />}
      {said.value && <div class="mine">
        <h3 class="label second">{t.mineMade}</h3>
        {said.value.made.length === 0 && <p class="list-size">{t.mineNone}</p>}
        <ol class="acts">{said.value.made.map((one) => (
          <li class="act-row" key={one.report}><div class="row wrap"><span class="strong">{reasonWords(one.category)}</span><time class="meta third" dateTime={one.at}>{brief(one.at)}</time></div>{outcome(one)}</li>
        ))}</ol>
        <h3 class="label second">{t.aboutMe}</h3>
        {said.value.about_me.length === 0 && <p class="list-size">{t.aboutMeNone}</p>}
        <ol class="acts">{said.value.about_me.map((one) => (
          <li class="act-row" key={one.report}><div class="row wrap"><span class="strong">{reasonWords(one.categories.join(", "))}</span><time class="meta third" dateTime={one.at}>{brief(one.at)}</time></div>{outcome(one)}
            {one.answered ? <p class="label second">{t.answered}</p> : one.outcome === "open" && <Answer of={one} onSent={() => void load()} />}</li>
        ))}</ol>
        <h3 class="label second">{t.onMe}</h3>
        {said.value.acts.length === 0 && <p class="list-size">{t.onMeNone}</p>}
        <ol class="acts">{said.value.acts.map((one) => <ActRow act={{ ...one, person: null }} onContest={(act) => (moderating.value = { kind: "appeal", act: act.act })} key={one.act} />)}</ol>
        <h3 class="label second">{t.myAppeals}</h3>
        {said.value.appeals.length === 0 && <p class="list-size">{t.appealsNone}</p>}
        <ol class="acts">{said.value.appeals.map((one) => (
          <li class="act-row" key={one.appeal}><div class="row wrap"><span class="strong">{actWord(one.kind ?? "")}</span><time class="meta third" dateTime={one.at}>{brief(one.at)}</time></div><Outcome of={one} /></li>
        ))}</ol>
      </div>}
    </Sheet>
  );
}

/** What became of an appeal, with the moderators' words to who made it. */
export function Outcome({ of }: { of: MyAppeal }) {
  const t = mod().flag;
  return <>
    <p class="list-size second">{of.state === "open" ? t.open : of.state === "upheld" ? t.appealUpheld : t.appealGranted}</p>
    <p class="list-size" dir="auto">{t.appealSaid(of.text)}</p>
    {of.note && <p class="list-size" dir="auto">{t.appealNote(of.note)}</p>}
  </>;
}

/** What the flagged person says to the moderators, once. */
function Answer({ of, onSent }: { of: ReportAboutMe; onSent: () => void }) {
  const t = mod().flag;
  const text = useSignal("");
  const error = useSignal<unknown>(null);
  const send = (event: Event) => {
    event.preventDefault();
    answer(of.report, text.value.trim()).then(onSent, (why: unknown) => (error.value = why));
  };
  return (
    <form onSubmit={send}>
      <textarea class="input short" aria-label={t.answer} placeholder={t.answer} maxLength={2000} required value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
      <Problem error={error.value} />
      <button type="submit" class="btn" disabled={!text.value.trim()}>{t.answerSend}</button>
    </form>
  );
}
