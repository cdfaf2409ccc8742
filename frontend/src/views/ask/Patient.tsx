/** What may be said of the patient beside the question, and of their consent: folded, since none of it is asked for. */
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { RECORDED, TOLD } from "../../cases/sheet";
import { askingWords } from "../../i18n/asking";
import { caseWords } from "../../i18n/sheet";
import { Icon } from "../parts/icons";
import type { AskDraft, Text } from "./draft";
import { Words, type FieldOf } from "./Words";

interface Props { draft: AskDraft; onPut: (some: Partial<AskDraft>) => void }

/** Open from the start where something is said in it; later only a hand opens or closes it. */
function Fold({ title, what, said, children }: { title: string; what: string; said: string; children: ComponentChildren }) {
  const open = useRef(!!said);
  return (
    <details class="fold" open={open.current} onToggle={(event) => (open.current = event.currentTarget.open)}>
      <summary><Icon name="right" size="small" /><span class="grow"><span class="strong">{title}</span> <span class="third">{said || what}</span></span></summary>
      <div class="fold-in">{children}</div>
    </details>
  );
}

export function Patient({ draft, field, onPut }: Props & { field: (name: Text) => FieldOf }) {
  const t = askingWords();
  const { sheet, ages, sexes } = caseWords();
  const texts = [["history", sheet.history], ["done", sheet.done], ["feared", sheet.feared]] as const;
  const said = [ages[draft.age_band as keyof typeof ages], sexes[draft.sex as keyof typeof sexes], ...texts.filter(([name]) => draft[name].trim()).map(([, label]) => label)].filter(Boolean).join(", ");
  return (
    <Fold title={t.patient} what={t.patientWhat} said={said}>
      <div class="two">
        <div class="input-block">
          <label for="ask-age">{t.age}</label>
          <select class="input" id="ask-age" value={draft.age_band} onChange={(event) => onPut({ age_band: event.currentTarget.value })}>
            <option value="">{t.unsaid}</option>
            {Object.entries(ages).map(([value, label]) => <option value={value} selected={value === draft.age_band} key={value}>{label}</option>)}
          </select>
        </div>
        <div class="input-block">
          <label for="ask-sex">{t.sex}</label>
          <select class="input" id="ask-sex" value={draft.sex} onChange={(event) => onPut({ sex: event.currentTarget.value })}>
            <option value="">{t.unsaid}</option>
            {Object.entries(sexes).map(([value, label]) => <option value={value} selected={value === draft.sex} key={value}>{label}</option>)}
          </select>
        </div>
      </div>
      {texts.map(([name, label]) => <Words {...field(name)} label={label} rows={2} key={name} />)}
    </Fold>
  );
}

export function Consent({ draft, pictures, onPut }: Props & { pictures: boolean }) {
  const t = askingWords();
  const { sheet } = caseWords();
  const tell = (what: string, yes: boolean) => onPut({ told: TOLD.filter((one) => (one === what ? yes : draft.told.includes(one))) });
  return (
    <Fold title={t.consent} what={t.consentWhat} said={draft.recorded ? sheet[draft.recorded as (typeof RECORDED)[number]] : draft.told.map((one) => sheet[one as (typeof TOLD)[number]]).join(", ")}>
      {pictures && !draft.recorded && <p class="note confirm"><Icon name="photo" /><span>{t.consentForPictures}</span></p>}
      <fieldset class="ticks">
        <legend>{sheet.toldOf}</legend>
        {TOLD.map((one) => <label class="tick-row" key={one}><input type="checkbox" checked={draft.told.includes(one)} onChange={(event) => tell(one, event.currentTarget.checked)} /><span>{sheet[one]}</span></label>)}
      </fieldset>
      <div class="input-block">
        <label for="ask-recorded">{sheet.recorded}</label>
        <select class="input" id="ask-recorded" value={draft.recorded} onChange={(event) => onPut({ recorded: event.currentTarget.value })}>
          <option value="">{t.unsaid}</option>
          {RECORDED.map((one) => <option value={one} selected={one === draft.recorded} key={one}>{sheet[one]}</option>)}
        </select>
      </div>
    </Fold>
  );
}
