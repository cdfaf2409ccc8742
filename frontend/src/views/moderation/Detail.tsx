/** One item in its context: the words among their neighbours, who flagged them and why, who wrote them, and the decision. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { mod } from "../../i18n/console";
import { lang, words } from "../../i18n";
import { brief, clock, lasting, moment, now } from "../../i18n/time";
import { askReading, claim, decide, pardon, release, undo, type Act, type Item, type ItemDetail, type Neighbour } from "../../moderation/door";
import { taken } from "../../moderation/queue";
import { Refusal, session } from "../../store";
import { toast } from "../parts/announce";
import { Problem, standing, Verified } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { shortName } from "../parts/names";
import { Body } from "../room/Body";
import { reasonWords } from "../../moderation/reasons";
import { ActRow } from "./Sheets";
import { everywhere } from "./toolbox";

/** `onEnter` goes into the room, `onAsked` reads the item anew. */
export function Detail({ detail, onEnter, onAsked }: { detail: ItemDetail; onEnter: () => void; onAsked: () => void }) {
  const t = mod().console;
  const { item, author } = detail;
  const failed = useSignal<unknown>(null);
  const liftable = (act: Act) => act.kind === "person.suspend" && everywhere() && act.person !== session.value.me?.id && (act.until === null || Date.parse(act.until) > now.value);
  const lift = (act: Act) => undo(act.act).then(() => { failed.value = null; toast(mod().tools.done(mod().tools.unsuspend)); onAsked(); }, (why: unknown) => (failed.value = why));
  return (
    <div class="detail">
      {detail.around.length > 0 ? (
        <section class="context" aria-label={t.context}>
          {detail.around.map((one) => <Said one={one} detail={detail} key={one.message} />)}
        </section>
      ) : null}
      {detail.twin?.body && detail.twin.body !== detail.message?.body && <section class="detail-part"><h3>{t.itsTwin}</h3><p dir="auto">{detail.twin.body}</p></section>}
      {item.kind === "appeal" && detail.act && <section class="detail-part"><h3>{t.theAct}</h3><ol class="acts"><ActRow act={detail.act} /></ol>{detail.appeal?.about && <blockquote class="tray-quote"><p dir="auto">{detail.appeal.about}</p></blockquote>}</section>}
      {item.excerpt && !detail.message && <p class="detail-part asks-big long" dir="auto">{item.excerpt}</p>}
      {detail.reports.length > 0 && (
        <section class="detail-part"><h3>{t.reports(detail.reports.length)}</h3>
          <ul class="acts">{detail.reports.map((one) => (
            <li class="act-row" key={one.report}><span class="row wrap"><span class="strong">{reasonWords(one.category)}</span><span class="second">{one.reporter?.name ?? t.automatic}</span>{one.record && one.record.dismissed > 0 && <span class="tag caution">{t.itsRecord(one.record.upheld, one.record.dismissed)}</span>}<time class="meta third" dateTime={one.at} title={moment(one.at)}>{brief(one.at)}</time></span>{one.note && <p dir="auto">{one.note}</p>}{one.record && !one.record.weighs && one.reporter && <Weightless reporter={one.reporter.id} onPardoned={onAsked} />}</li>
          ))}</ul>
        </section>
      )}
      {detail.answers.length > 0 && <section class="detail-part"><h3>{t.theirAnswer}</h3>{detail.answers.map((one) => <p dir="auto" key={one.at}>{one.text}</p>)}</section>}
      {detail.appeal && <section class="detail-part"><h3>{t.itsAppeal}</h3><p dir="auto">{detail.appeal.text}</p></section>}
      {detail.reading && <section class="detail-part"><h3>{t.itsReading(detail.reading.asker?.name ?? "?")}</h3><p dir="auto">{detail.reading.reason}</p></section>}
      {detail.picture && <section class="detail-part"><h3>{t.heldPicture}</h3><p>{t.netsSaw(detail.picture.faces, detail.picture.words)}</p><p class="list-size second">{t.pixelsUnseen}</p></section>}
      {detail.standing && <section class="detail-part"><h3>{t.itsStanding}</h3><p>{words().account[detail.standing.verification as "pending"] ?? detail.standing.verification}{detail.standing.register ? ` · ${detail.standing.register}` : ""}</p></section>}
      {author && (
        <section class="detail-part author"><h3>{t.author(author.actor?.name ?? "?")}</h3>
          <p class="row wrap list-size second"><span>{author.actor && standing(author.actor)}</span><span>{t.since(brief(author.since))}</span><span>{t.messages(author.messages)}</span>{author.upheld > 0 && <span>{t.upheldBefore(author.upheld)}</span>}{author.suspended_until && <span>{t.suspendedUntil(moment(author.suspended_until))}</span>}<span>{author.acts.length ? t.former(author.acts.length) : t.noFormer}</span></p>
          {author.acts.length > 0 && <ol class="acts">{author.acts.slice(0, 5).map((one) => <ActRow act={one} onUndo={liftable(one) ? lift : undefined} key={one.act} />)}</ol>}
          <Problem error={failed.value} />
        </section>
      )}
      {item.kind === "report" && item.room_kind === "private" && detail.reports[0] && <MyReading detail={detail} onEnter={onEnter} onAsked={onAsked} />}
    </div>
  );
}

function Said({ one, detail }: { one: Neighbour; detail: ItemDetail }) {
  const t = mod().console;
  const gone = words().room;
  const { flagged } = one;
  return (
    <article class={`msg${flagged ? " flagged" : ""}`} aria-current={flagged ? "true" : undefined}>
      <time class="at" dateTime={one.at} title={moment(one.at)}>{clock(one.at)}</time>
      <div class="said">
        {one.actor && <div class="who"><span class="name">{one.actor.name}</span><Verified /><span class="standing">{standing(one.actor)}</span>{one.actor.as === "moderator" && <span class="tag mod">{gone.moderation}</span>}</div>}
        {one.body !== null ? <Body body={one.body} mentions={null} tab={0} /> : <p class="gone">{one.withheld === "retracted" ? gone.retracted(shortName(one.actor?.name)) : one.withheld ? gone[one.withheld] : "…"}</p>}
        {one.images.length > 0 && <p class="photos"><Icon name="photo" size="small" />{gone.images(one.images.length)}</p>}
        {flagged && <p class="flag-line">
          {one.withheld === "hidden" && <span class="tag mod"><Icon name="eyeoff" size="small" />{gone.hidden}</span>}
          {detail.reports.length > 0 && <span><Icon name="flag" size="small" />{t.reports(detail.reports.length)}</span>}
        </p>}
      </div>
    </article>
  );
}

/** Someone whose flags were dismissed too often: who moderates the whole service may look at them and let them count again. */
function Weightless({ reporter, onPardoned }: { reporter: string; onPardoned: () => void }) {
  const t = mod().console;
  const error = useSignal<unknown>(null);
  const send = () => void pardon(reporter).then(() => { toast(t.pardoned); onPardoned(); }, (why: unknown) => (error.value = why));
  return (
    <div class="row wrap"><span class="list-size second">{t.weightless}</span>
      {session.value.me?.remit === "all" && <button type="button" class="link reach" onClick={send}>{t.pardon}</button>}
      <Problem error={error.value} /></div>
  );
}

/** How far it is with reading a private room: to be asked for, waiting for a second moderator, open to who asked, over. */
function MyReading({ detail, onEnter, onAsked }: { detail: ItemDetail; onEnter: () => void; onAsked: () => void }) {
  const t = mod().console;
  const mine = detail.my_reading;
  const state = mine?.state === "agreed" && mine.until && Date.parse(mine.until) <= now.value ? "over" : mine?.state;
  if (state === "asked") return <section class="detail-part" role="status"><h3>{t.reading}</h3><p class="note"><Icon name="clock" /><span>{t.readWaits}</span></p></section>;
  if (state === "agreed" && mine?.until) return (
    <section class="detail-part" role="status"><h3>{t.reading}</h3><p class="note good"><Icon name="check" /><span>{t.readAgreed(moment(mine.until))}</span></p>
      <div><button type="button" class="btn mod" onClick={onEnter}><Icon name="shield" />{t.enter}</button></div></section>
  );
  return <>
    {state && <section class="detail-part" role="status"><h3>{t.reading}</h3><p>{state === "refused" ? t.readRefused : t.readOver}</p></section>}
    <AskReading report={detail.reports[0]!.report} onAsked={onAsked} />
  </>;
}

function AskReading({ report, onAsked }: { report: string; onAsked: () => void }) {
  const t = mod().console;
  const reason = useSignal("");
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const ask = (event: Event) => {
    event.preventDefault();
    busy.value = true;
    const said = reason.value;
    askReading(report, said.trim()).then(() => { toast(t.readAsked); if (reason.peek() === said) reason.value = ""; error.value = null; onAsked(); }, (why: unknown) => (error.value = why)).finally(() => (busy.value = false));
  };
  return (
    <form class="detail-part" onSubmit={ask}>
      <h3>{t.readPrivate}</h3><p class="list-size second">{t.readPrivateNote}</p>
      <div class="row"><input class="input grow" maxLength={200} required value={reason.value} placeholder={mod().tools.motive} aria-label={mod().tools.motive} onInput={(event) => (reason.value = event.currentTarget.value)} /><button type="submit" class="btn" disabled={busy.value || !reason.value.trim()}>{t.readPrivate}</button></div>
      <Problem error={error.value} />
    </form>
  );
}

/** Keys of the decisions, whatever the kind of item. */
const KEYS: Record<string, string> = { dismiss: "n", refuse: "n", uphold: "o", verify: "o", agree: "o", done: "o", release: "g", grant: "g", ask_mask: "n" };
export type DecideKeys = (key: string) => boolean;

export function Decide({ detail, keys, onGone, onChanged }: { detail: ItemDetail; keys: { current: DecideKeys | null }; onGone: (item: string) => void; onChanged: () => void }) {
  const t = mod().console;
  const note = useSignal("");
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const missing = useSignal(false);
  const { item } = detail;
  const by = taken(item, session.value.me?.id ?? "", now.value);
  const field = useRef<HTMLTextAreaElement>(null);
  const [label, hint] = noteOf(item.kind);
  const make = (code: string) => {
    if (busy.value) return;
    // A held picture is shown for a reason alone, which is recorded.
    missing.value = item.kind === "image" && code === "release" && !note.value.trim();
    if (missing.value) return field.current?.focus();
    busy.value = true;
    error.value = null;
    decide(item.item, code, note.value.trim(), detail.base).then(() => { toast(t.decidedNow); onGone(item.item); }, (why: unknown) => {
      error.value = why;
      if (why instanceof Refusal && why.code === "item.changed") onChanged();
    }).finally(() => (busy.value = false));
  };
  keys.current = (key) => {
    const one = detail.decisions.find((decision) => KEYS[decision.code] === key);
    if (one) make(one.code);
    return !!one;
  };
  return (
    <section class="tool-section decide" aria-label={t.decision}>
      <h3>{t.decision}</h3>
      {by && <p class="note confirm"><Icon name="lock" /><span>{t.takenBy(by.name ?? "?")}</span></p>}
      <div class="input-block"><label class="label" for="decide-note">{label}</label>
        <textarea class="input short" id="decide-note" ref={field} maxLength={item.kind === "image" ? 200 : 500} aria-invalid={missing.value} placeholder={hint} value={note.value} onInput={(event) => { note.value = event.currentTarget.value; missing.value = false; }} />{missing.value && <p class="over label" role="alert">{mod().tools.motiveFirst}</p>}</div>
      <div class="tool-grid">{detail.decisions.map((one) => (
        <button type="button" class={`tool${one[lang()].length > 11 ? " wide-tool" : ""}`} disabled={busy.value || !!by} aria-keyshortcuts={KEYS[one.code]?.toUpperCase()} onClick={() => make(one.code)} key={one.code}><Icon name={KEYS[one.code] === "n" ? "close" : "check"} /><span class="grow">{one[lang()]}</span>{KEYS[one.code] && <kbd aria-hidden="true">{KEYS[one.code]!.toUpperCase()}</kbd>}</button>
      ))}</div>
      <Problem error={error.value} />
    </section>
  );
}

/** Who reads what is written beside a decision. */
function noteOf(kind: string): [label: string, hint: string] {
  const t = mod().console;
  switch (kind) {
    case "image": return [t.reasonOf, t.reasonOfHint];
    case "appeal": return [t.toPerson, t.toPersonHint];
    case "verification": return [t.checkedIn, t.checkedInHint];
    default: return [t.forMods, t.forModsHint];
  }
}

/** Takes an item, or gives it back; whoever came first has it. */
export async function toggleClaim(item: Item): Promise<void> {
  const t = mod().console;
  const mine = item.claimed_by?.id === session.value.me?.id;
  try {
    if (mine) await release(item.item).then(() => toast(t.givenBack));
    else await claim(item.item).then(({ claimed_until }) => toast(t.takenNow(clock(claimed_until))));
  } catch (why) {
    toast(why instanceof Error ? why.message : String(why));
  }
}

export const ageOf = (at: string): string => lasting(Math.max(0, now.value - Date.parse(at)));
