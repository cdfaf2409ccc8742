/** Asking in under three minutes: the question first, then for whom, by when, and who will see it. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Confirmed, PersonCard, RoomItem } from "../../store";
import { ask, groups, person, rooms, session, specialties } from "../../store";
import { lang, words } from "../../i18n";
import { navigate, toRoom } from "../../router";
import { Problem, Segments } from "../parts/atoms";
import { say } from "../parts/announce";
import { Icon } from "../parts/icons";
import { IdentifierNotes, Marked, useIdentifiers } from "../parts/identifiers";
import { MentionPicker, type PickerKeys } from "../room/MentionPicker";
import { fresh, keepDraft, missing, readDraft, type AskDraft } from "./draft";
import { SpecialtySelect, urgencies } from "./fields";
import { guess } from "./guess";

export function Ask({ group, to }: { group: string | null; to: string | null }) {
  const t = words();
  const me = session.value.me!;
  const draft = useSignal<AskDraft>(readDraft(me.id) ?? fresh());
  const open = useSignal<RoomItem[]>(rooms.peek().filter((room) => room.kind === "group"));
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const query = useSignal("");
  const keys = useRef<PickerKeys | null>(null);
  /** Once chosen by hand, a specialty or group is not guessed over. */
  const chosen = useRef({ specialty: !!draft.peek().specialty, group: !!draft.peek().group });
  const it = draft.value;

  const put = (some: Partial<AskDraft>) => {
    draft.value = { ...draft.peek(), ...some };
    keepDraft(draft.value);
  };
  const groupFor = (specialty: string) => {
    const code = specialties.peek()?.groups.find((one) => one.specialties.some((s) => s.code === specialty))?.code;
    return open.peek().find((room) => room.code === code)?.id ?? "";
  };
  const settle = (some: Partial<AskDraft>) => {
    const next = { ...draft.peek(), ...some };
    if (!chosen.current.specialty) {
      const code = guess(`${next.question} ${next.context}`, specialties.peek()?.groups ?? []);
      next.specialty = specialties.peek()?.groups.find((one) => one.code === code)?.specialties[0]?.code ?? next.specialty;
    }
    if (!chosen.current.group && next.specialty) next.group = groupFor(next.specialty);
    put(next);
  };

  useEffect(() => {
    groups().then((list) => { open.value = list; settle({}); }, () => undefined);
    if (group) { chosen.current.group = true; put({ group, audience: "group" }); }
    if (to) person(to).then((card) => put({ audience: "people", people: [card] }), () => undefined);
  }, [group, to]);

  const lacks = missing(it);
  const vital = it.urgency === "vital";
  const inQuestion = useIdentifiers(it.question);
  const inContext = useIdentifiers(it.context);
  const toSettle = lacks.length + (vital ? 1 : 0) + [...inQuestion.items, ...inContext.items].filter((item) => item.level === "block").length;
  const names = { question: t.cases.missQuestion, specialty: t.cases.missSpecialty, group: t.cases.missGroup, people: t.cases.missPeople };
  const seenBy = open.value.find((room) => room.id === it.group);
  const guessed = !chosen.current.specialty && it.specialty ? specialties.value?.groups.find((one) => one.specialties.some((s) => s.code === it.specialty)) : null;

  const submit = (event: Event) => {
    event.preventDefault();
    if (toSettle || busy.value || it.urgency === "vital") return;
    const seen = [inQuestion.check(it.question), inContext.check(it.context)];
    const open = seen.findIndex((one) => one.open);
    if (open >= 0) {
      say(t.identifiers.held);
      document.querySelector<HTMLElement>(`#${open ? "ask-context" : "ask-question"}-identifiers button`)?.focus();
      return;
    }
    const confirmed = seen.every((one) => one.confirmed) ? [...new Set(seen.flatMap((one) => one.confirmed!))] as Confirmed : null;
    busy.value = true;
    error.value = null;
    const question = it.question.trim();
    ask({
      id: it.id, title: question.slice(0, 120), question: it.context.trim() ? `${question}\n\n${it.context.trim()}` : question, specialty: it.specialty, urgency: it.urgency, ...(confirmed ? { confirmed } : {}),
      ...(it.audience === "group" ? { group: it.group } : it.audience === "people" ? { people: it.people.map((one) => one.id) } : { everyone: true }),
    }).then(({ room }) => { keepDraft(null); navigate(toRoom(room), { replace: true }); }, (why: unknown) => { error.value = why; busy.value = false; });
  };
  const add = (one: PersonCard) => { query.value = ""; put({ people: [...it.people, one] }); };

  return (
    <div class="page"><header class="page-head"><h1>{t.cases.askTitle}</h1>{(it.question || it.context) && <span class="meta third">{t.cases.draftKept}</span>}</header>
      <div class="page-in">
        <form onSubmit={submit}>
          <div class="input-block">
            <label for="ask-question">{t.cases.oneSentence}</label>
            <Marked text={it.question} watch={inQuestion} look="input">
              <textarea class="input short" id="ask-question" rows={2} maxLength={300} value={it.question} placeholder={t.cases.oneSentenceHint} aria-describedby="ask-question-identifiers" onInput={(event) => settle({ question: event.currentTarget.value })} />
            </Marked>
            <IdentifierNotes id="ask-question" text={it.question} watch={inQuestion} onReplace={(question) => settle({ question })} />
          </div>
          <div class="input-block">
            <label for="ask-specialty">{t.cases.specialty}</label>
            <SpecialtySelect id="ask-specialty" value={it.specialty} onPick={(code) => { chosen.current.specialty = true; settle({ specialty: code }); }} />
            {guessed && <span class="row"><span class="tag">{guessed.code}</span><span class="hint">{t.cases.guessed(guessed.name[lang()])}</span></span>}
          </div>
          <div class="input-block">
            <span class="as-label">{t.cases.wanted}</span>
            <Segments label={t.cases.wanted} value={it.urgency} options={[{ value: "vital" as const, label: t.cases.vitalChoice, urgent: true }, ...urgencies()]} onPick={(urgency) => put({ urgency })} />
          </div>
          {vital && <div class="note block" role="alert"><Icon name="phone" /><div class="grow"><p class="strong">{t.cases.vital}</p><a class="link urgent under" href="tel:15">{t.cases.vitalCall}</a></div></div>}
          <div class="input-block">
            <label for="ask-context">{t.cases.context} <span class="third label">({t.cases.optional})</span></label>
            <Marked text={it.context} watch={inContext} look="input">
              <textarea class="input" id="ask-context" rows={5} maxLength={7000} value={it.context} onInput={(event) => settle({ context: event.currentTarget.value })} aria-describedby="ask-context-hint ask-context-identifiers" />
            </Marked>
            <IdentifierNotes id="ask-context" text={it.context} watch={inContext} onReplace={(context) => settle({ context })} />
            <span class="hint" id="ask-context-hint">{t.cases.contextHint}</span>
          </div>
          <fieldset>
            <legend>{t.cases.audience}</legend>
            <Segments label={t.cases.audience} value={it.audience} options={[{ value: "group" as const, label: t.cases.toGroup }, { value: "people" as const, label: t.cases.toPeople }, { value: "all" as const, label: t.cases.toAll }]} onPick={(audience) => put({ audience })} />
            {it.audience === "group" && (
              <select class="input" aria-label={t.cases.group} value={it.group} onChange={(event) => { chosen.current.group = true; put({ group: event.currentTarget.value }); }}>
                <option value="">{t.cases.choose}</option>
                {open.value.map((room) => <option value={room.id} selected={room.id === it.group} key={room.id}>{room.title}</option>)}
              </select>
            )}
            {it.audience === "people" && (
              <div class="col">
                {it.people.length > 0 && <div class="people-chosen">{it.people.map((one) => (
                  <span class="person-chip" key={one.id}>{one.name}<button type="button" class="icon-btn" aria-label={t.cases.remove(one.name ?? "?")} onClick={() => put({ people: it.people.filter((p) => p.id !== one.id) })}><Icon name="close" size="small" /></button></span>
                ))}</div>}
                <div class="anchor">
                  <label class="field"><Icon name="plus" /><input value={query.value} placeholder={t.cases.addPeople} aria-label={t.cases.addPeople} autocomplete="off" onInput={(event) => (query.value = event.currentTarget.value)} onKeyDown={(event) => { if (query.value && keys.current?.(event)) event.preventDefault(); }} /></label>
                  {query.value.trim() && <MentionPicker query={query.value.trim()} keys={keys} onPick={add} onClose={() => (query.value = "")} without={[me.id, ...it.people.map((one) => one.id)]} />}
                </div>
              </div>
            )}
            <p class="note"><Icon name="eye" /><span>{it.audience === "all" ? t.cases.seenAll : it.audience === "people" ? t.cases.seenPeople(it.people.length) : seenBy ? t.cases.seenGroup(seenBy.title, seenBy.members) : t.cases.choose}</span></p>
          </fieldset>
          <Problem error={error.value} />
          <div class="form-foot">
            {lacks.length > 0 && it.question && <p class="meta third" role="status">{t.cases.missing(lacks.map((one) => names[one]).join(", "))}</p>}
            <button type="submit" class="btn primary tall wide" disabled={toSettle > 0 || busy.value}>{toSettle ? t.cases.toSettle(toSettle) : t.cases.submit}</button>
          </div>
        </form>
      </div>
    </div>
  );
}
