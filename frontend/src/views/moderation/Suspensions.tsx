/** Who is shut out of the service now, with or without an item of the queue; whoever decides about the whole service ends it here, with a reason. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { mod } from "../../i18n/console";
import { words } from "../../i18n";
import { brief, moment } from "../../i18n/time";
import { lift, suspensions, type Suspended } from "../../moderation/door";
import { reasonWords } from "../../moderation/reasons";
import { session } from "../../store";
import { toast } from "../parts/announce";
import { Empty, Problem, Skeletons, standing } from "../parts/atoms";
import { Icon, Shield } from "../parts/icons";
import { shortName } from "../parts/names";
import { Sheet } from "../parts/sheet";

export function Suspensions({ onClose, onLifted }: { onClose: () => void; onLifted: () => void }) {
  const t = mod().console;
  const list = useSignal<Suspended[] | null>(null);
  const next = useSignal<string | null>(null);
  const error = useSignal<unknown>(null);
  const load = (from: string | null) => suspensions(from).then((page) => {
    if (from && next.peek() !== from) return; // pressed twice, or the list was read anew
    list.value = from ? [...(list.peek() ?? []), ...page.suspended] : page.suspended;
    next.value = page.next;
    error.value = null;
  }, (why: unknown) => (error.value = why));
  useEffect(() => void load(null), []);
  const gone = (person: string) => { list.value = (list.peek() ?? []).filter((one) => one.person.id !== person); onLifted(); };
  return (
    <Sheet title={t.suspensions} onClose={onClose}>
      <Problem error={error.value} retry={() => void load(null)} />
      {!list.value && !error.value && <Skeletons rows={3} />}
      {list.value?.length === 0 && <Empty title={t.suspensionsNone} />}
      <ol class="acts">{list.value?.map((one) => <Row of={one} onLifted={() => gone(one.person.id)} key={one.person.id} />)}</ol>
      {next.value && <button type="button" class="btn wide" onClick={() => void load(next.value)}>{words().shell.moreResults}</button>}
    </Sheet>
  );
}

function Row({ of, onLifted }: { of: Suspended; onLifted: () => void }) {
  const t = mod().console;
  const tools = mod().tools;
  const open = useSignal(false);
  const reason = useSignal("");
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => { if (open.value) field.current?.focus(); }, [open.value]);
  const name = shortName(of.person.name);
  const send = (event: Event) => {
    event.preventDefault();
    busy.value = true;
    lift(of.person.id, reason.value.trim()).then(() => { toast(tools.done(tools.unsuspend)); onLifted(); }, (why: unknown) => (error.value = why)).finally(() => (busy.value = false));
  };
  return (
    <li class="act-row">
      <div class="row wrap"><span class="strong">{of.person.name ?? "?"}</span><span class="second">{standing(of.person)}</span>{of.at && <time class="meta third" dateTime={of.at} title={moment(of.at)}>{brief(of.at)}</time>}</div>
      <p class="list-size">{of.reason && <span>{reasonWords(of.reason)} · </span>}<span class="second">{of.moderator ? <><Shield size="small" /> {of.moderator.name}</> : t.byOperator}</span><span class="second"> · {of.until ? mod().record.until(moment(of.until)) : t.noEnd}</span></p>
      {of.person.id !== session.value.me?.id && (open.value ? (
        <form onSubmit={send}>
          <div class="row wrap"><input class="input grow" maxLength={200} required ref={field} value={reason.value} placeholder={tools.motive} aria-label={t.liftWhy(name)} onInput={(event) => (reason.value = event.currentTarget.value)} />
            <button type="submit" class="btn" disabled={busy.value || !reason.value.trim()}><Icon name="check" />{tools.unsuspend}</button></div>
          <Problem error={error.value} />
        </form>
      ) : <button type="button" class="link reach" aria-label={t.liftFor(name)} onClick={() => (open.value = true)}>{tools.unsuspend}</button>)}
    </li>
  );
}
