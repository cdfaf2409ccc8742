/** Proposed diagnoses: who backs each, one press to back several, a field to propose another. */
import { useSignal } from "@preact/signals";
import type { Differential, Sheet } from "../../cases/sheet";
import { voters } from "../../cases/counting";
import { session, type RoomView } from "../../store";
import { words } from "../../i18n";
import { caseWords } from "../../i18n/sheet";
import { say } from "../parts/announce";
import { Problem } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { actOn, reasonWords } from "../../moderation/reasons";
import { moderating } from "../layers";
import { mayHide, openLayer, sentOf, typed, useActing } from "./acting";
import { Legend, People, Voters } from "./Voters";

const LONGEST = 120;

export function Diagnoses({ sheet, view }: { sheet: Sheet; view: RoomView }) {
  const t = caseWords().sheet;
  const n = voters(sheet.differentials);
  return (
    <section class="col">
      <div class="row"><h3 class="grow">{t.diagnoses}</h3>{n > 0 && <span class="meta third">{t.voters(n)}</span>}</div>
      {sheet.differentials.length === 0 && <p class="second list-size">{t.noDiagnosis}</p>}
      <ul class="col">{sheet.differentials.map((one) => <Diagnosis of={one} sheet={sheet} view={view} key={one.differential} />)}</ul>
      {sheet.differentials.length > 0 && <Legend sheet={sheet} />}
      {sheet.status !== "closed" && !sheet.withheld && <Propose view={view} />}
    </section>
  );
}

function Diagnosis({ of, sheet, view }: { of: Differential; sheet: Sheet; view: RoomView }) {
  const t = caseWords().sheet;
  const acting = useActing(view);
  const { differential } = of;
  const toggle = () => acting.act({ type: of.mine ? "differential.unback" : "differential.back", differential });
  return (
    <li class={`backable${of.mine ? " mine" : ""}`}>
      {of.withheld === "hidden" ? <Hidden of={of} sheet={sheet} view={view} /> : of.label === null ? <p class="gone">{of.withheld === "withdrawn" || of.withheld === "erased" ? words().room[of.withheld] : t.hiddenDiagnosis}</p> : <>
        <button type="button" class="toggle" aria-pressed={of.mine} title={of.mine ? t.backed : t.back} onClick={toggle}>
          <span class="grow" dir="auto">{of.label}</span>{of.mine && <Icon name="check" size="small" />}<People n={of.backers.count} />
        </button>
        <Voters of={of.backers} sheet={sheet} what={t.backing} />
        {of.by && <p class="row wrap meta third"><span class="grow">{t.proposedBy(of.by.name ?? "?")}</span>
          {of.by.id === session.value.me?.id && <button type="button" class="link reach" aria-label={t.takeBack(of.label)} onClick={() => acting.act({ type: "differential.withdraw", differential })}>{words().room.retract}</button>}
          {mayHide(sheet, of.by.id) && <button type="button" class="link reach" aria-label={t.hideDiagnosisOf(of.label)} onClick={() => openLayer(view, { kind: "hide", of: { noun: "differential", id: differential, label: of.label } })}>{t.hide}…</button>}</p>}
      </>}
      <Problem error={acting.error.value} />
    </li>
  );
}

/** What stood here, and why it does not; whose it was may contest it, a moderator shows it again. */
function Hidden({ of, sheet, view }: { of: Differential; sheet: Sheet; view: RoomView }) {
  const t = caseWords().sheet;
  const act = actOn(view.id, of.differential);
  const own = of.by?.id === session.value.me?.id;
  return (
    <div class="gone row wrap"><span class="grow">{act?.reason ? t.hiddenBecause(t.hiddenDiagnosis, reasonWords(act.reason)) : t.hiddenDiagnosis}</span>
      {own && act && <button type="button" class="link reach" onClick={() => (moderating.value = { kind: "appeal", act: act.act })}>{words().moderation.contest}</button>}
      {of.by && mayHide(sheet, of.by.id) && <button type="button" class="link reach" onClick={() => openLayer(view, { kind: "hide", of: { noun: "differential", id: of.differential, label: null, back: true } })}>{t.restore}…</button>}
    </div>
  );
}

function Propose({ view }: { view: RoomView }) {
  const t = caseWords().sheet;
  const words = typed(view, "diagnosis");
  const open = useSignal(words.peek() !== "");
  const acting = useActing(view);
  if (!open.value) return <button type="button" class="btn" onClick={() => (open.value = true)}><Icon name="plus" />{t.propose}</button>;
  const send = (event: Event) => {
    event.preventDefault();
    const sent = words.value, label = sent.trim();
    if (label) acting.act({ type: "differential.propose", label }, () => { if (sentOf(words, sent)) open.value = false; say(t.proposedNow(label)); });
  };
  return (
    <form class="col" onSubmit={send}>
      <label class="label" for="diagnosis">{t.diagnosis}</label>
      <input class="input" id="diagnosis" value={words.value} maxLength={LONGEST} autocomplete="off" ref={(field) => { if (field && !field.dataset.seen) { field.dataset.seen = "1"; field.focus(); } }}
        onInput={(event) => (words.value = event.currentTarget.value)} onKeyDown={(event) => { if (event.key === "Escape") { event.stopPropagation(); event.preventDefault(); open.value = false; } }} />
      <Problem error={acting.error.value} />
      <button type="submit" class="btn primary" disabled={acting.busy.value || !words.value.trim()}>{t.send}</button>
    </form>
  );
}
