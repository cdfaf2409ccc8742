/** Asking in under three minutes: the question, by when, what helps to answer it, and who will see it. All but the question and its readers may stay unsaid. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Confirmed, RoomItem } from "../../store";
import { api, ask, forgetPictures, groups, person, rooms, session, specialties } from "../../store";
import { lang, words } from "../../i18n";
import { askingWords } from "../../i18n/asking";
import { navigate, toRoom } from "../../router";
import { goingOf } from "../../pictures/kept";
import { lay } from "../../pictures/laying";
import { say } from "../parts/announce";
import { Problem, Segments } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { useIdentifiers } from "../parts/identifiers";
import { NONE, type Chosen } from "../picture/chosen";
import { Audience } from "./Audience";
import { begun, fresh, keepDraft, missing, newCase, readDraft, TEXTS, titleOf, type AskDraft, type Text } from "./draft";
import { SpecialtySelect, urgencies } from "./fields";
import { guess } from "./guess";
import { Consent, Patient } from "./Patient";
import { Shots } from "./Shots";
import { Similar } from "./Similar";
import { Words, type Watches } from "./Words";
import "../parts/fold.css";
import "./ask.css";

export default function Ask({ group, to }: { group: string | null; to: string | null }) {
  const t = askingWords();
  const me = session.value.me!;
  const draft = useSignal<AskDraft>(readDraft(me.id) ?? fresh());
  /** Every listed group, joined or not. */
  const listed = useSignal<RoomItem[]>(rooms.peek().filter((room) => room.kind === "group"));
  const chosen = useSignal<Chosen | null>(draft.peek().pictures.length ? null : NONE);
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  /** Once chosen by hand, a specialty or group is not guessed over. */
  const byHand = useRef({ specialty: !!draft.peek().specialty, group: draft.peek().groups.length > 0 });
  /** How often its readers were chosen here. */
  const choices = useRef(0);
  const gone = useRef(false);
  useEffect(() => () => { gone.current = true; }, []);
  const it = draft.value;
  const watches = Object.fromEntries(TEXTS.map((name) => [name, useIdentifiers(it[name])])) as Watches;

  const put = (some: Partial<AskDraft>) => {
    draft.value = { ...draft.peek(), ...some };
    if (!busy.peek()) keepDraft(draft.value);
  };
  const settle = (some: Partial<AskDraft>) => {
    const next = { ...draft.peek(), ...some };
    const known = specialties.peek()?.groups ?? [];
    if (!byHand.current.specialty) {
      const code = guess(`${next.question} ${next.context}`, known);
      next.specialty = known.find((one) => one.code === code)?.specialties[0]?.code ?? next.specialty;
    }
    if (!byHand.current.group && next.specialty) {
      const code = known.find((one) => one.specialties.some((s) => s.code === next.specialty))?.code;
      const room = listed.peek().find((one) => one.code === code);
      next.groups = room ? [room.id] : [];
    }
    put(next);
  };

  useEffect(() => {
    // Another's desk may be here by the time of an answer: it is told nothing of this draft.
    let left = false;
    groups().then((list) => { if (left) return; listed.value = list; settle({}); }, () => undefined); // those one has joined are known
    if (group) { byHand.current.group = true; put({ groups: [group], audience: "group" }); }
    const before = choices.current;
    if (to) person(to).then((card) => { if (!left && choices.current === before) put({ audience: "people", people: [card] }); }, () => undefined);
    return () => { left = true; };
  }, [group, to]);

  const lacks = missing(it);
  const vital = it.urgency === "vital";
  const blocked = TEXTS.reduce((n, name) => n + watches[name].items.filter((item) => item.level === "block").length, 0);
  const toSettle = lacks.length + (vital ? 1 : 0) + blocked;
  const waiting = chosen.value === null;
  const names = { question: t.missQuestion, audience: t.missAudience, people: t.missPeople, told: t.missTold, recorded: t.missConsent };
  const known = specialties.value?.groups.find((one) => one.specialties.some((s) => s.code === it.specialty));
  const guessed = byHand.current.specialty ? null : known;
  const field = (name: Text) => ({ name, value: it[name], watch: watches[name], onText: (text: string) => settle({ [name]: text }) });

  const submit = async (event: Event) => {
    event.preventDefault();
    if (toSettle || waiting || busy.value) return;
    await watches.question.ready();
    // Pressed twice while the rules were on their way, or changed, in its words or its readers: what was not looked at is for the next press.
    if (gone.current || busy.value || JSON.stringify(draft.value) !== JSON.stringify(it) || chosen.value === null) return;
    const seen = TEXTS.map((name) => watches[name].check(it[name]));
    const open = TEXTS[seen.findIndex((one) => one.open)];
    if (open) {
      say(words().identifiers.held);
      const notes = document.getElementById(`ask-${open}-identifiers`);
      notes?.closest("details")?.setAttribute("open", "");
      notes?.querySelector<HTMLElement>("button")?.focus();
      return;
    }
    const confirmed = seen.every((one) => one.confirmed) ? [...new Set(seen.flatMap((one) => one.confirmed!))] as Confirmed : null;
    const { images, marks } = chosen.value ?? NONE;
    busy.value = true;
    error.value = null;
    ask({ ...newCase(it, listed.value, confirmed), ...(images.length ? { images } : {}) }).then(async ({ room, message }) => {
      // The draft stays until all of it is there: sent again, it is the same question.
      await lay(marks, room, message, ({ type: _type, room: _room, ...mark }) => api.post(`/api/v1/rooms/${room}/marks`, mark));
      if (readDraft(me.id)?.id === it.id) keepDraft(null);
      if (!gone.current) navigate(toRoom(room), { replace: true });
    }).catch((why: unknown) => {
      error.value = why;
      busy.value = false;
      if (!gone.current) keepDraft(draft.value); // with what was typed meanwhile
    });
  };
  const anew = () => {
    void forgetPictures(goingOf(it.pictures)).catch(() => undefined); // they go by themselves after a day
    keepDraft(null);
    byHand.current = { specialty: false, group: false };
    draft.value = fresh();
    chosen.value = NONE;
    document.getElementById("ask-question")?.focus();
  };

  return (
    <div class="page"><header class="page-head"><h1>{t.title}</h1>
      {begun(it) && <><span class="meta third">{t.draftKept}</span><button type="button" class="icon-btn" aria-label={t.startAnew} title={t.startAnew} onClick={anew}><Icon name="trash" /></button></>}</header>
      <div class="page-in">
        <form class="ask-form" onSubmit={(event) => void submit(event)}>
          <Words {...field("question")} label={t.oneSentence} placeholder={t.oneSentenceHint} rows={2} />
          <div class="two">
            <div class="input-block">
              <label for="ask-specialty">{words().cases.specialty}</label>
              <SpecialtySelect id="ask-specialty" value={it.specialty} none={t.unsaid} onPick={(code) => { byHand.current.specialty = true; settle({ specialty: code }); }} />
              {guessed && <span class="row"><span class="tag">{guessed.code}</span><span class="hint">{t.guessed(guessed.name[lang()])}</span></span>}
            </div>
            <div class="input-block">
              <span class="as-label">{words().cases.wanted}</span>
              <Segments label={words().cases.wanted} value={it.urgency} options={[{ value: "vital" as const, label: t.vitalChoice, urgent: true }, ...urgencies()]} onPick={(urgency) => put({ urgency })} />
            </div>
          </div>
          {vital && <div class="note block" role="alert"><Icon name="phone" /><div class="grow"><p class="strong">{t.vital}</p><a class="link urgent under" href="tel:15">{t.vitalCall}</a></div></div>}
          <Words {...field("context")} label={t.context} hint={t.contextHint} optional rows={4} />
          <Shots key={it.id} kept={it.pictures} chosen={chosen} onKept={(pictures) => put({ pictures })} />
          <Patient draft={it} field={field} onPut={put} />
          <Consent draft={it} pictures={it.pictures.length > 0} onPut={put} />
          <Audience draft={it} listed={listed.value} onPut={(some) => { choices.current++; if (some.groups) byHand.current.group = true; put(some); }} />
          <Problem error={error.value} />
          <div class="form-foot">
            <Similar title={titleOf(it.question)} question={it.context} />
            {lacks.length > 0 && begun(it) && <p class="meta third" role="status">{t.missing(lacks.map((one) => names[one]).join(", "))}</p>}
            {waiting && <p class="meta third" role="status">{t.picturesWait}</p>}
            <button type="submit" class="btn primary tall wide" disabled={toSettle > 0 || waiting || busy.value}>{toSettle ? t.toSettle(toSettle) : t.submit}</button>
          </div>
        </form>
      </div>
    </div>
  );
}
