/** What a case opens over its room: telling the outcome, a reference, declaring a consensus, the patient's consent. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { RECORDED, TOLD, VERDICTS, recordConsent, setStatus, withdrawConsent, type Recorded, type Rests, type Sheet as CaseSheet, type Told, type Verdict } from "../../cases/sheet";
import type { RoomView } from "../../store";
import { words } from "../../i18n";
import { caseWords } from "../../i18n/sheet";
import { toast } from "../parts/announce";
import { Problem, Segments } from "../parts/atoms";
import { Sheet } from "../parts/sheet";
import { sentOf, typed, useActing, type Acting } from "./acting";
import { bodyOf } from "./jump";

function Form({ title, acting, label, ready, danger, onSend, onClose, children }: { title: string; acting: Acting; label: string; ready: boolean; danger?: boolean; onSend: () => void; onClose: () => void; children: ComponentChildren }) {
  return (
    <Sheet title={title} onClose={onClose}>
      <form onSubmit={(event) => { event.preventDefault(); if (ready) onSend(); }}>
        {children}
        <Problem error={acting.error.value} />
        <button type="submit" class={`btn tall ${danger ? "danger" : "primary"}`} disabled={acting.busy.value || !ready}>{label}</button>
        <button type="button" class="btn tall" onClick={onClose}>{words().shell.cancel}</button>
      </form>
    </Sheet>
  );
}

export function OutcomeSheet({ view, onClose }: { view: RoomView; onClose: () => void }) {
  const t = caseWords().sheet;
  const acting = useActing(view);
  const said = typed(view, "outcome");
  const verdict = useSignal<Verdict | "">("");
  const send = () => {
    const words = said.value;
    acting.act({ type: "outcome.tell", body: words.trim(), verdict: verdict.value as Verdict }, () => { sentOf(said, words); onClose(); toast(t.told); });
  };
  return (
    <Form title={t.howEnded} acting={acting} label={t.tell} ready={verdict.value !== "" && said.value.trim() !== ""} onSend={send} onClose={onClose}>
      <div class="input-block"><span class="as-label">{t.verdict}</span><Segments label={t.verdict} value={verdict.value} options={VERDICTS.map((value) => ({ value, label: t[value] }))} onPick={(value) => (verdict.value = value)} /></div>
      <div class="input-block"><label for="outcome">{t.outcomeWords}</label><textarea class="input" id="outcome" rows={4} maxLength={4000} value={said.value} onInput={(event) => (said.value = event.currentTarget.value)} />
        <p class="meta third">{t.outcomeHint}</p></div>
    </Form>
  );
}

export function ReferenceSheet({ view, message, onClose }: { view: RoomView; message: string; onClose: () => void }) {
  const t = caseWords().sheet;
  const acting = useActing(view);
  const link = typed(view, `reference/${message}`);
  const send = () => {
    const words = link.value;
    acting.act({ type: "reference.add", message, link: words.trim() }, () => { sentOf(link, words); onClose(); });
  };
  return (
    <Form title={t.addReference} acting={acting} label={t.add} ready={link.value.trim() !== ""} onSend={send} onClose={onClose}>
      <div class="input-block"><label for="reference">{t.reference}</label><input class="input" id="reference" inputMode="url" autocomplete="off" value={link.value} onInput={(event) => (link.value = event.currentTarget.value)} />
        <p class="meta third">{t.referenceHint}</p></div>
    </Form>
  );
}

export function ConsensusSheet({ view, sheet, chosen, onClose }: { view: RoomView; sheet: CaseSheet; chosen: { message?: string; differential?: string }; onClose: () => void }) {
  const t = caseWords().sheet;
  const acting = useActing(view);
  const diagnoses = sheet.differentials.filter((one) => one.label !== null).map((one) => ({ key: `d/${one.differential}`, rests: { differential: one.differential }, label: one.label!, n: one.backers.count, excerpt: null }));
  // What was opened from an answer of which nothing is said yet is offered all the same.
  const listed = sheet.answers.filter((one) => !one.withheld).map((one) => ({ message: one.message, name: one.actor?.name ?? "?", n: one.votes.agree.count }));
  const picked = chosen.message && !listed.some((one) => one.message === chosen.message) ? [{ message: chosen.message, name: nameOf(view, chosen.message), n: 0 }] : [];
  const answers = [...listed, ...picked].map((one) => ({ key: `m/${one.message}`, rests: { message: one.message }, label: t.answerOf(one.name), n: one.n, excerpt: bodyOf(view, one.message) }));
  const options: { key: string; rests: Partial<Rests>; label: string; n: number | null; excerpt: string | null }[] = [...diagnoses, ...answers, { key: "", rests: {}, label: t.onNothing, n: null, excerpt: null }];
  const at = useSignal(chosen.differential ? `d/${chosen.differential}` : chosen.message ? `m/${chosen.message}` : options[0]!.key);
  const rests = (options.find((one) => one.key === at.value) ?? options.at(-1)!).rests;
  return (
    <Form title={t.declare} acting={acting} label={t.declare} ready onClose={onClose} onSend={() => acting.run(() => setStatus(view.id, "consensus", rests), onClose)}>
      <fieldset class="choices"><legend class="as-label">{t.onWhat}</legend>
        {options.map((one) => (
          <label class="choice" key={one.key}><input type="radio" name="rests" checked={at.value === one.key} onChange={() => (at.value = one.key)} />
            <span class="grow"><span class="block" dir="auto">{one.label}</span>{one.excerpt && <span class="label second excerpt" dir="auto">{one.excerpt}</span>}</span>{one.n !== null && <b>{one.n}</b>}</label>
        ))}
      </fieldset>
    </Form>
  );
}

function nameOf(view: RoomView, message: string): string {
  const line = view.lines.peek().find((one) => one.type === "message" && one.item.message === message);
  return (line?.type === "message" && line.item.actor?.name) || "?";
}

/** What happens is said before it does: nothing of it can be undone. */
export function WithdrawSheet({ view, onClose }: { view: RoomView; onClose: () => void }) {
  const t = caseWords().sheet;
  const acting = useActing(view);
  return (
    <Form title={t.withdraw} acting={acting} label={t.withdrawNow} ready danger onClose={onClose} onSend={() => acting.run(() => withdrawConsent(view.id), onClose)}>
      <ul class="col points"><li>{t.withdrawWhat}</li><li>{t.withdrawStays}</li><li class="strong">{t.withdrawEnds}</li></ul>
    </Form>
  );
}

export function RecordSheet({ view, sheet, onClose }: { view: RoomView; sheet: CaseSheet; onClose: () => void }) {
  const t = caseWords().sheet;
  const acting = useActing(view);
  const told = useSignal<readonly Told[]>(sheet.consent?.told ?? []);
  const recorded = useSignal<Recorded | "">(sheet.consent?.recorded ?? "");
  const toggle = (one: Told, on: boolean) => (told.value = TOLD.filter((other) => (other === one ? on : told.value.includes(other))));
  return (
    <Form title={t.consent} acting={acting} label={t.save} ready={told.value.length > 0 && recorded.value !== ""} onClose={onClose}
      onSend={() => acting.run(() => recordConsent(view.id, [...told.value], recorded.value as Recorded), onClose)}>
      <fieldset class="choices"><legend class="as-label">{t.toldOf}</legend>
        {TOLD.map((one) => <label class="choice" key={one}><input type="checkbox" checked={told.value.includes(one)} onChange={(event) => toggle(one, event.currentTarget.checked)} /><span>{t[one]}</span></label>)}
      </fieldset>
      <fieldset class="choices"><legend class="as-label">{t.recorded}</legend>
        {RECORDED.map((one) => <label class="choice" key={one}><input type="radio" name="recorded" checked={recorded.value === one} onChange={() => (recorded.value = one)} /><span>{t[one]}</span></label>)}
      </fieldset>
    </Form>
  );
}
