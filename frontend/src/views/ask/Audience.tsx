/** Whom a question is for: groups, chosen people, or every verified clinician; who that is now is told before it is posted. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { audience, type Audience as Seen } from "../../cases/asking";
import { Refusal, session, type PersonCard, type RoomItem } from "../../store";
import { askingWords } from "../../i18n/asking";
import { Segments } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { MentionPicker, type PickerKeys } from "../room/MentionPicker";
import { readersOf, type AskDraft } from "./draft";

interface Props { draft: AskDraft; listed: RoomItem[]; onPut: (some: Partial<AskDraft>) => void }
const WAIT = 300;

export function Audience({ draft, listed, onPut }: Props) {
  const t = askingWords();
  return (
    <fieldset class="audience">
      <legend>{t.audience}</legend>
      <Segments label={t.audience} value={draft.audience} options={[{ value: "group" as const, label: t.toGroups }, { value: "people" as const, label: t.toPeople }, { value: "all" as const, label: t.toAll }]} onPick={(one) => onPut({ audience: one })} />
      {draft.audience === "group" && <Groups draft={draft} listed={listed} onPut={onPut} />}
      {draft.audience === "people" && <People draft={draft} listed={listed} onPut={onPut} />}
      <Told draft={draft} listed={listed} />
    </fieldset>
  );
}

function Groups({ draft, listed, onPut }: Props) {
  const t = askingWords();
  const name = (id: string) => listed.find((room) => room.id === id)?.title ?? "…";
  const free = listed.filter((room) => !draft.groups.includes(room.id));
  return (
    <div class="col">
      {draft.groups.length > 0 && <ul class="people-chosen">{draft.groups.map((id) => (
        <li class="person-chip" key={id}>{name(id)}<button type="button" class="icon-btn" aria-label={t.remove(name(id))} onClick={() => onPut({ groups: draft.groups.filter((one) => one !== id) })}><Icon name="close" size="small" /></button></li>
      ))}</ul>}
      {free.length > 0 && (
        <select class="input" aria-label={draft.groups.length ? t.anotherGroup : t.firstGroup} value="" onChange={(event) => { const id = event.currentTarget.value; event.currentTarget.value = ""; if (id) onPut({ groups: [...draft.groups, id] }); }}>
          <option value="">{draft.groups.length ? t.anotherGroup : t.choose}</option>
          {free.map((room) => <option value={room.id} key={room.id}>{room.title}</option>)}
        </select>
      )}
    </div>
  );
}

function People({ draft, onPut }: Props) {
  const t = askingWords();
  const query = useSignal("");
  const keys = useRef<PickerKeys | null>(null);
  // Letters that name nobody yet must not send the question to those chosen before.
  const onKey = (event: KeyboardEvent) => { if (query.value && (keys.current?.(event) || event.key === "Enter")) event.preventDefault(); };
  const add = (one: PersonCard) => { query.value = ""; onPut({ people: [...draft.people, one] }); };
  return (
    <div class="col">
      {draft.people.length > 0 && <ul class="people-chosen">{draft.people.map((one) => (
        <li class="person-chip" key={one.id}>{one.name}<button type="button" class="icon-btn" aria-label={t.remove(one.name ?? "?")} onClick={() => onPut({ people: draft.people.filter((p) => p.id !== one.id) })}><Icon name="close" size="small" /></button></li>
      ))}</ul>}
      <div class="anchor">
        <label class="field"><Icon name="plus" /><input value={query.value} placeholder={t.addPeople} aria-label={t.addPeople} autocomplete="off" onInput={(event) => (query.value = event.currentTarget.value)} onKeyDown={onKey} /></label>
        {query.value.trim() && <MentionPicker query={query.value.trim()} keys={keys} onPick={add} onClose={() => (query.value = "")} without={[session.value.me!.id, ...draft.people.map((one) => one.id)]} />}
      </div>
    </div>
  );
}

/** Asked anew with every choice; what was told of an earlier choice is not shown beside a new one. */
function Told({ draft, listed }: Omit<Props, "onPut">) {
  const t = askingWords();
  const readers = readersOf(draft, listed);
  const key = Object.values(readers).flat().length ? JSON.stringify(readers) : "";
  const seen = useSignal<{ key: string; answer: Seen | unknown } | null>(null);
  useEffect(() => {
    if (!key) return;
    const stop = new AbortController();
    const timer = setTimeout(() => audience(readers, stop.signal).then((answer) => (seen.value = { key, answer }), (error: unknown) => { if (!stop.signal.aborted) seen.value = { key, answer: error }; }), seen.peek() ? WAIT : 0);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [key]);
  if (!key) return null;
  const answer = seen.value?.key === key ? seen.value.answer : null;
  const it = answer && !(answer instanceof Error) ? answer as Seen : null;
  const refused = answer instanceof Refusal && !answer.temporary;
  const said = !answer ? t.counting : !it ? (refused ? answer.message : t.notCounted)
    : it.everyone ? t.seenAll(it.count) : it.groups.length ? t.seenGroups(it.count, it.groups.map((one) => t.ofGroup(one.title, one.members)).join(", ")) : t.seenPeople(it.count);
  return <p class={`note${refused ? " block" : ""}`} role="status"><Icon name="eye" /><span>{said}</span></p>;
}
