/** A text of the question: with a mark under what may identify a patient, and the ways out of it below. */
import { askingWords } from "../../i18n/asking";
import Hints from "../parts/Hints";
import { IdentifierNotes, Marked, type Watch } from "../parts/identifiers";
import { LONGEST, type Text } from "./draft";

export type Watches = Record<Text, Watch>;
export interface FieldOf { name: Text; value: string; watch: Watch; onText: (text: string) => void }
interface Props extends FieldOf { label: string; rows: number; placeholder?: string; hint?: string; optional?: boolean }

export function Words({ name, value, watch, onText, label, rows, placeholder, hint, optional }: Props) {
  const id = `ask-${name}`;
  return (
    <div class="input-block">
      <label for={id}>{label}{optional && <span class="third label"> ({askingWords().optional})</span>}</label>
      <Marked text={value} watch={watch} look="input">
        <textarea class={`input${rows < 4 ? " short" : ""}`} id={id} rows={rows} maxLength={LONGEST[name]} value={value} placeholder={placeholder} dir="auto"
          aria-describedby={`${hint ? `${id}-hint ` : ""}${id}-identifiers ${id}-hints`} onInput={(event) => onText(event.currentTarget.value)} />
      </Marked>
      <IdentifierNotes id={id} text={value} watch={watch} onReplace={onText} />
      <Hints id={`${id}-hints`} text={value} />
      {hint && <span class="hint" id={`${id}-hint`}>{hint}</span>}
    </div>
  );
}
