/** Sheets that a message opens: its versions, turning it into a case, retracting it. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Version } from "../../store";
import { history as versionsOf, session, turnIntoCase } from "../../store";
import type { Urgency } from "../../protocol";
import { words } from "../../i18n";
import { moment } from "../../i18n/time";
import { navigate, route, toRoom } from "../../router";
import { Problem, Segments, Skeletons } from "../parts/atoms";
import { Sheet } from "../parts/sheet";
import { SpecialtySelect, urgencies } from "../ask/fields";
import type { MessageLine } from "./Message";

export function VersionsSheet({ message, onClose }: { message: string; onClose: () => void }) {
  const t = words().room;
  const list = useSignal<Version[] | null>(null);
  const error = useSignal<unknown>(null);
  useEffect(() => void versionsOf(message).then((answer) => (list.value = answer.versions), (why: unknown) => (error.value = why)), [message]);
  return (
    <Sheet title={t.versions} onClose={onClose}>
      <Problem error={error.value} />
      {!list.value && !error.value && <Skeletons rows={2} />}
      <ol class="versions">{list.value?.map((one) => <li key={one.seq}><time dateTime={one.at}>{moment(one.at)}</time>{one.body}</li>)}</ol>
    </Sheet>
  );
}

export function MakeCaseSheet({ line, onClose }: { line: MessageLine; onClose: () => void }) {
  const t = words();
  const first = (line.item.body ?? "").split("\n")[0]!.slice(0, 120);
  const title = useSignal(first);
  const specialty = useSignal(session.value.me?.specialty ?? "");
  const urgency = useSignal<Urgency>("today");
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const submit = (event: Event) => {
    event.preventDefault();
    busy.value = true;
    const from = route.peek();
    turnIntoCase(line.item.message, { title: title.value.trim(), specialty: specialty.value, urgency: urgency.value })
      .then(({ room }) => { onClose(); if (route.peek() === from) navigate(toRoom(room)); }, (why: unknown) => { error.value = why; busy.value = false; });
  };
  return (
    <Sheet title={t.cases.makeTitle} onClose={onClose}>
      <form onSubmit={submit}>
        <p class="list-size second">{t.cases.makeNote}</p>
        <div class="input-block"><label for="case-title">{t.cases.caseTitle}</label><input class="input" id="case-title" value={title.value} maxLength={120} required onInput={(event) => (title.value = event.currentTarget.value)} /></div>
        <div class="input-block"><label for="case-specialty">{t.cases.specialty}</label><SpecialtySelect id="case-specialty" value={specialty.value} onPick={(code) => (specialty.value = code)} /></div>
        <div class="input-block"><span class="as-label">{t.cases.wanted}</span><Segments label={t.cases.wanted} value={urgency.value} options={urgencies()} onPick={(value) => (urgency.value = value)} /></div>
        <Problem error={error.value} />
        <button type="submit" class="btn primary tall" disabled={busy.value || !title.value.trim() || !specialty.value}>{t.cases.make}</button>
      </form>
    </Sheet>
  );
}

export function RetractSheet({ onRetract, onClose }: { onRetract: () => void; onClose: () => void }) {
  const t = words();
  return (
    <Sheet title={t.room.retract} onClose={onClose}>
      <div class="col">
        <p>{t.room.retractSure}</p>
        <button type="button" class="btn danger tall" onClick={() => { onClose(); onRetract(); }}>{t.room.retract}</button>
        <button type="button" class="btn tall" onClick={onClose}>{t.shell.cancel}</button>
      </div>
    </Sheet>
  );
}
