/** The case sheet: what is asked, how far it is, what is said of it and by whom. Beside the room, or a sheet over it. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Sheet } from "../../cases/sheet";
import { exportOf, setStatus } from "../../cases/sheet";
import { nextSteps, proposal } from "../../cases/counting";
import { session, type RoomItem, type RoomView } from "../../store";
import { words } from "../../i18n";
import { findingWords } from "../../i18n/finding";
import { caseWords } from "../../i18n/sheet";
import { lasting, moment, now } from "../../i18n/time";
import { toRoom } from "../../router";
import { Avatar, Code, Doubt, Problem, Skeletons, specialtyLabel, statuses } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { lazily } from "../parts/lazy";
import { shortName } from "../parts/names";
import { caseSheet } from "../layers";
import { Answers } from "./Answers";
import { Diagnoses } from "./Diagnoses";
import { openLayer, useActing } from "./acting";
import { bodyOf, Jump } from "./jump";
import { useSheet } from "./useSheet";
import "./casesheet.css";

/** One sentence stands out; a page of background in bold would only shout. */
const shortQuestion = 160;

const Keep = lazily(() => import("../find/Keep").then((part) => part.Keep), "unless it fails");

export function Panel({ view, room, onClose }: { view: RoomView; room: RoomItem; onClose: () => void }) {
  const t = caseWords().sheet;
  const reading = useSheet(view);
  const keeping = useSignal(false);
  const sheet = reading.sheet.value;
  const it = room.case!;
  const first = sheet?.figures.first_answer_at ?? it.first_answer_at;
  const waited = first ? t.firstIn(lasting(Date.parse(first) - Date.parse(it.opened_at))) : it.status === "open" ? t.waitingFor(lasting(now.value - Date.parse(it.opened_at))) : "";
  return (
    <div class="panel-in">
      <header class="panel-head">
        <Code item={room} />
        <div class="grow"><h2>{words().cases.sheetTitle}</h2><p class="meta third">{waited}</p></div>
        <button type="button" class="icon-btn" aria-label={words().shell.close} onClick={onClose}><Icon name="close" /></button>
      </header>
      <Steps sheet={sheet} room={room} />
      {reading.error.value && sheet ? <p class="note confirm"><Icon name="clock" /><span>{t.notNow}</span></p> : <Problem error={reading.error.value} retry={() => reading.again()} />}
      <Asked sheet={sheet} room={room} view={view} />
      {!sheet && !reading.error.value && <Skeletons rows={2} />}
      {sheet && <>
        <Accepted sheet={sheet} view={view} />
        <Consensus sheet={sheet} view={view} />
        <hr /><Diagnoses sheet={sheet} view={view} />
        {sheet.answers.length > 0 && <><hr /><Answers sheet={sheet} view={view} /></>}
        <Ending sheet={sheet} view={view} />
        <Status sheet={sheet} view={view} />
        <hr /><ConsentState sheet={sheet} view={view} mod={room.role === "moderator"} />
        <hr /><section class="col"><h3>{t.takeAlong}</h3>
          <div class="row wrap">
            <a class="btn" href={exportOf(view.id, "pdf")} download>{t.pdf}</a><a class="btn" href={exportOf(view.id, "fhir")} download>{t.fhir}</a>
            <button type="button" class="btn" aria-haspopup="dialog" onClick={() => (keeping.value = true)}><Icon name="star" />{findingWords().finding.keep}…</button>
          </div></section>
        {keeping.value && <Keep room={view.id} onClose={() => (keeping.value = false)} />}
      </>}
      <Present view={view} />
    </div>
  );
}

const isAsker = (sheet: Sheet) => sheet.asker?.id === session.value.me?.id;

/** The status, with who said so and when. */
function Steps({ sheet, room }: { sheet: Sheet | null; room: RoomItem }) {
  const t = caseWords().sheet;
  const status = room.case!.status;
  const at = statuses.indexOf(status);
  const since = sheet?.status === status && sheet.status_at;
  return (
    <div class="col">
      <ol class="steps" aria-label={t.statusOf}>
        {statuses.map((one, step) => (
          <li class={step < at ? "done" : undefined} aria-current={step === at ? "step" : undefined} aria-label={t.step(step + 1, words().room[one])} key={one}>{words().room[one]}</li>
        ))}
      </ol>
      {since && <p class="meta third">{sheet.status_by ? t.statusBy(words().room[status], sheet.status_by.name ?? "?", moment(since)) : t.statusSince(words().room[status], moment(since))}</p>}
    </div>
  );
}

function Asked({ sheet, room, view }: { sheet: Sheet | null; room: RoomItem; view: RoomView }) {
  const t = caseWords().sheet;
  const { ages, sexes } = caseWords();
  const it = room.case!;
  const withheld = sheet?.withheld;
  const question = (sheet ? sheet.question.body : it.question) ?? ""; // null once it is withdrawn
  const template = sheet?.template;
  const ageSex = template && [ages[template.age_band as keyof typeof ages], sexes[template.sex as keyof typeof sexes]].filter(Boolean).join(", ");
  return (
    <>
      <section class="col"><h3>{t.question}</h3>
        {withheld ? <p class="gone">{withheld === "withdrawn" ? t.gone : withheld === "retracted" ? words().room.retracted(shortName(sheet.asker?.name)) : words().room[withheld]}</p>
          : <p class={`asks-big${question.length > shortQuestion ? " long" : ""}`} dir="auto">{question}</p>}</section>
      <dl class="facts">
        <dt>{t.urgency}</dt><dd>{it.urgency === "hour" ? <span class="tag urgent">{words().room.hour}</span> : words().room[it.urgency]}</dd>
        <dt>{t.specialty}</dt><dd>{specialtyLabel(it.specialty) ?? room.code}</dd>
        {ageSex && <><dt>{t.ageSex}</dt><dd>{ageSex}</dd></>}
        {template?.history && <><dt>{t.history}</dt><dd class="words" dir="auto">{template.history}</dd></>}
        {template?.done && <><dt>{t.done}</dt><dd class="words" dir="auto">{template.done}</dd></>}
        {template?.feared && <><dt>{t.feared}</dt><dd class="words" dir="auto">{template.feared}</dd></>}
        {it.author && <><dt>{t.askedBy}</dt><dd>{it.author.name}</dd></>}
        <dt>{t.askedAt}</dt><dd>{moment(it.opened_at)}</dd>
        {it.group && !sheet && <><dt>{t.group}</dt><dd><a href={toRoom(it.group.id)}>{it.group.title}</a></dd></>}
        {sheet && <><dt>{t.audience}</dt><dd><Readers sheet={sheet} /></dd></>}
        <dt>{t.answers}</dt><dd>{sheet && sheet.figures.answers > 0 ? t.answersBy(sheet.figures.answers, sheet.figures.answered_by) : it.answers}</dd>
        {sheet?.figures.consensus_s != null && <><dt>{t.consensusIn}</dt><dd>{t.after(lasting(sheet.figures.consensus_s * 1000))}</dd></>}
      </dl>
      {sheet && !withheld && <Jump view={view} message={sheet.question.message} seq={null}>{t.toQuestion}</Jump>}
    </>
  );
}

function Readers({ sheet }: { sheet: Sheet }) {
  const t = caseWords().sheet;
  const { everyone, groups, people } = sheet.audience;
  const said: ComponentChildren[] = [...(everyone ? [t.everyone] : []), ...groups.map((one) => <a href={toRoom(one.id)} key={one.id}>{one.title}</a>), ...(people ? [t.chosen(people)] : [])];
  return <>{said.map((one, n) => <span key={n}>{n > 0 && ", "}{one}</span>)}</>;
}

function Accepted({ sheet, view }: { sheet: Sheet; view: RoomView }) {
  const t = caseWords().sheet;
  const acting = useActing(view);
  const it = sheet.accepted;
  if (!it) return <Problem error={acting.error.value} />;
  return (
    <section class="col kept-answer">
      <h3><Icon name="check" size="small" /> {t.accepted}</h3>
      <p><span class="strong">{it.actor?.name}</span> <Doubt of={it.doubt} /></p>
      {it.withheld ? <p class="gone">{it.withheld === "retracted" ? words().room.retracted(shortName(it.actor?.name)) : words().room[it.withheld]}</p> : <p class="excerpt" dir="auto">{it.excerpt}</p>}
      <div class="row wrap">
        <Jump view={view} message={it.message} seq={it.seq} label={t.seeAnswer(it.actor?.name ?? "?")}>{t.see}</Jump>
        {isAsker(sheet) && <button type="button" class="link reach" onClick={() => acting.act({ type: "answer.unaccept", message: it.message })}>{t.unaccept}</button>}
      </div>
      <Problem error={acting.error.value} />
    </section>
  );
}

/** Proposed by the rule, declared by the asker; on what it rests. */
function Consensus({ sheet, view }: { sheet: Sheet; view: RoomView }) {
  const t = caseWords().sheet;
  const { declared, rule } = sheet.consensus;
  const proposed = proposal(sheet);
  const on = (of: { message: string | null; differential: string | null }) =>
    of.differential ? sheet.differentials.find((one) => one.differential === of.differential)?.label
      : of.message ? t.answerOf(sheet.answers.find((one) => one.message === of.message)?.actor?.name ?? "?") : null;
  if (declared) return (
    <section class="note good"><Icon name="check" /><div class="grow"><p class="strong">{t.declared}</p>{on(declared) && <p>{t.restsOn(on(declared)!)}</p>}<p class="meta">{moment(declared.at)}</p></div></section>
  );
  if (!proposed) return null;
  return (
    <section class="note"><Icon name="people" />
      <div class="grow col">
        <p><span class="strong">{t.proposed}</span> {on(proposed) && t.restsOn(on(proposed)!)}</p>
        <p class="label">{t.rule(rule.agree, rule.disagree)} {isAsker(sheet) ? t.yours : t.theirs}</p>
        {isAsker(sheet) && <button type="button" class="btn" onClick={() => openLayer(view, { kind: "consensus", ...(proposed.message ? { message: proposed.message } : {}), ...(proposed.differential ? { differential: proposed.differential } : {}) })}>{t.declare}…</button>}
      </div></section>
  );
}

/** How it ended. */
function Ending({ sheet, view }: { sheet: Sheet; view: RoomView }) {
  const t = caseWords().sheet;
  const mayTell = isAsker(sheet) && !sheet.withheld;
  if (!sheet.outcomes.length && !mayTell) return null;
  return (
    <><hr /><section class="col">
      <h3>{t.outcome}</h3>
      {sheet.outcomes.map((one) => (
        <div class="col" key={one.message}>
          <p><span class="tag ok">{t[one.verdict]}</span> <span class="meta third">{moment(one.at)}</span></p>
          {one.withheld ? <p class="gone">{one.withheld === "retracted" ? words().room.retracted(shortName(sheet.asker?.name)) : words().room[one.withheld]}</p> : <p class="excerpt" dir="auto">{bodyOf(view, one.message)}</p>}
          <Jump view={view} message={one.message} seq={one.seq}>{t.see}</Jump>
        </div>
      ))}
      {mayTell && <button type="button" class="btn" onClick={() => openLayer(view, { kind: "outcome" })}>{t.tellOutcome}…</button>}
    </section></>
  );
}

function Status({ sheet, view }: { sheet: Sheet; view: RoomView }) {
  const t = caseWords().sheet;
  const acting = useActing(view);
  if (!isAsker(sheet)) return null;
  const set = (status: "closed" | "answered" | "open") => acting.run(() => setStatus(view.id, status));
  const steps = nextSteps(sheet);
  return (
    <div class="panel-actions">
      {steps.includes("consensus") && <button type="button" class="btn" onClick={() => openLayer(view, { kind: "consensus" })}>{t.declare}…</button>}
      {steps.includes("closed") && <button type="button" class="btn" disabled={acting.busy.value} onClick={() => set("closed")}>{t.close}</button>}
      {steps.includes("reopened") && <button type="button" class="btn" disabled={acting.busy.value} onClick={() => set(sheet.figures.answers > 0 ? "answered" : "open")}>{t.reopen}</button>}
      <Problem error={acting.error.value} />
    </div>
  );
}

function ConsentState({ sheet, view, mod }: { sheet: Sheet; view: RoomView; mod: boolean }) {
  const t = caseWords().sheet;
  const { consent } = sheet;
  const gone = sheet.withheld === "withdrawn" || sheet.withheld === "erased";
  return (
    <section class="col">
      <h3>{t.consent}</h3>
      {consent?.withdrawn_at ? <p>{t.withdrawnAt(moment(consent.withdrawn_at))}</p>
        : consent ? <><p>{t[consent.recorded]} <span class="meta third">{moment(consent.at)}</span></p><p class="label second">{t.toldList(consent.told.map((one) => t[one]).join(", "))}</p></>
        : <p class="second">{gone ? t.gone : t.noConsent}</p>}
      {!gone && (isAsker(sheet) || mod) && (
        <div class="row wrap">
          {isAsker(sheet) && <button type="button" class="link reach" onClick={() => openLayer(view, { kind: "record" })}>{consent ? t.change : t.record}…</button>}
          <button type="button" class="link urgent reach" onClick={() => { caseSheet.value = false; openLayer(view, { kind: "withdraw" }); }}>{t.withdraw}…</button>
        </div>
      )}
    </section>
  );
}

function Present({ view }: { view: RoomView }) {
  const t = words().room;
  const present = view.present.value;
  if (!present?.sample.length) return null;
  const others = present.count - present.sample.slice(0, 4).length;
  return (
    <><hr /><section class="col">
      <div class="row"><h3 class="grow">{t.presentList}</h3><span class="meta third">{present.count}</span></div>
      <div class="present">
        {present.sample.slice(0, 4).map((one) => <span title={one.name ?? ""} key={one.id}><Avatar person={one} /><span class="unseen">{shortName(one.name)}</span></span>)}
        {others > 0 && <span>{t.others(others)}</span>}
      </div>
    </section></>
  );
}
