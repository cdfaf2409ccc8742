/** The case sheet: what is asked, how far it is, who is here. Beside the room, or a sheet over it. */
import { useSignal } from "@preact/signals";
import type { RoomItem, RoomView } from "../../store";
import { session, setCaseStatus } from "../../store";
import type { CaseStatus } from "../../protocol";
import { words } from "../../i18n";
import { lasting, moment, now } from "../../i18n/time";
import { toRoom } from "../../router";
import { Avatar, Code, Problem, specialtyLabel, statuses } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { shortName } from "../parts/names";

/** One sentence stands out; a page of background in bold would only shout. */
const shortQuestion = 160;

export function Panel({ view, room, onClose }: { view: RoomView; room: RoomItem; onClose: () => void }) {
  const t = words();
  const it = room.case!;
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const mine = it.author?.id === session.value.me?.id;
  const at = statuses.indexOf(it.status);
  const present = view.present.value;
  const set = (status: CaseStatus) => {
    busy.value = true;
    setCaseStatus(room.id, status).then(() => (error.value = null), (why: unknown) => (error.value = why)).finally(() => (busy.value = false));
  };
  const waited = it.first_answer_at ? t.cases.firstIn(lasting(Date.parse(it.first_answer_at) - Date.parse(it.opened_at))) : it.status === "open" ? t.cases.waitingFor(lasting(now.value - Date.parse(it.opened_at))) : "";
  const others = present ? present.count - present.sample.slice(0, 4).length : 0;
  return (
    <div class="panel-in">
      <header class="panel-head">
        <Code item={room} />
        <div class="grow"><h2>{t.cases.sheetTitle}</h2><p class="meta third">{waited}</p></div>
        <button type="button" class="icon-btn" aria-label={t.shell.close} onClick={onClose}><Icon name="close" /></button>
      </header>
      <ol class="steps" aria-label={t.cases.statusOf}>
        {statuses.map((status, step) => (
          <li class={step < at ? "done" : undefined} aria-current={step === at ? "step" : undefined} aria-label={t.cases.step(step + 1, t.room[status])} key={status}>{t.room[status]}</li>
        ))}
      </ol>
      <section class="col"><h3>{t.cases.question}</h3><p class={`asks-big${it.question.length > shortQuestion ? " long" : ""}`} dir="auto">{it.question}</p></section>
      <dl class="facts">
        <dt>{t.cases.urgency}</dt><dd>{it.urgency === "hour" ? <span class="tag urgent">{t.room.hour}</span> : t.room[it.urgency]}</dd>
        <dt>{t.cases.specialty}</dt><dd>{specialtyLabel(it.specialty) ?? room.code}</dd>
        {it.author && <><dt>{t.cases.askedBy}</dt><dd>{it.author.name}</dd></>}
        <dt>{t.cases.askedAt}</dt><dd>{moment(it.opened_at)}</dd>
        {it.group && <><dt>{t.cases.group}</dt><dd><a href={toRoom(it.group.id)}>{it.group.title}</a></dd></>}
        <dt>{t.cases.answers}</dt><dd>{it.answers}</dd>
      </dl>
      {mine && (
        <div class="panel-actions">
          {it.status !== "consensus" && it.status !== "closed" && it.answers > 0 && <button type="button" class="btn" disabled={busy.value} onClick={() => set("consensus")}>{t.cases.declare}</button>}
          {it.status !== "closed" && <button type="button" class="btn" disabled={busy.value} onClick={() => set("closed")}>{t.cases.close}</button>}
          {(it.status === "closed" || it.status === "consensus") && <button type="button" class="btn" disabled={busy.value} onClick={() => set(it.answers > 0 ? "answered" : "open")}>{t.cases.reopen}</button>}
        </div>
      )}
      <Problem error={error.value} />
      {present && present.sample.length > 0 && (
        <><hr /><section class="col">
          <div class="row"><h3 class="grow">{t.room.presentList}</h3><span class="meta third">{present.count}</span></div>
          <div class="present">
            {present.sample.slice(0, 4).map((one) => <span title={one.name ?? ""} key={one.id}><Avatar person={one} /><span class="unseen">{shortName(one.name)}</span></span>)}
            {others > 0 && <span>{t.room.others(others)}</span>}
          </div>
        </section></>
      )}
      {!mine && <p class="meta third">{t.cases.statusNote}</p>}
    </div>
  );
}
