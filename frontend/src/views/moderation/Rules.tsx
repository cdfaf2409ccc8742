/** The rules an administrator writes: a list, a plain form, a dry run on the last 30 days, and going live. */
import { useSignal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { mod } from "../../i18n/console";
import { lang, words } from "../../i18n";
import { navigate, route, toRoom } from "../../router";
import { changeRule, oneRule, removeRule, rules, tryRule, writeRule, type Rule, type RuleBody, type RuleKind, type Trial } from "../../moderation/door";
import { locate, session } from "../../store";
import { toast } from "../parts/announce";
import { Empty, Problem, Segments, Skeletons } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { Sheet } from "../parts/sheet";
import "../../styles/moderation.css";

const KINDS: RuleKind[] = ["words", "pattern", "rate", "newcomer", "links"];
/** Kinds that look at one text, which a composer can hint at. */
const TEXTS: RuleKind[] = ["words", "pattern", "links"];
const TRY_EVERY = 1_500;
const fail = (why: unknown) => toast(why instanceof Error ? why.message : words().shell.errorTitle);

export default function Rules() {
  const t = mod().rules;
  if (!session.value.me?.roles.includes("administrator")) return <Empty title={t.adminOnly}><a class="link" href="/moderation">{mod().console.title}</a></Empty>;
  return <List />;
}

function List() {
  const t = mod().rules;
  const list = useSignal<Rule[] | null>(null);
  const error = useSignal<unknown>(null);
  const editing = useSignal<Rule | "new" | null>(null);
  const load = () => rules().then((answer) => { list.value = answer.rules; error.value = null; }, (why: unknown) => (error.value = why));
  useEffect(() => void load(), []);
  return (
    <div class="page"><header class="page-head">
      <a class="icon-btn" href="/moderation" aria-label={words().shell.back}><Icon name="back" /></a><h1>{t.title}</h1>
      <button type="button" class="btn primary" onClick={() => (editing.value = "new")}><Icon name="plus" />{t.add}</button></header>
      <div class="page-in">
        <p class="second list-size">{t.intro}</p>
        <Problem error={error.value} retry={() => void load()} />
        {!list.value && !error.value && <Skeletons />}
        {list.value?.length === 0 && <Empty title={t.none} />}
        <ul class="rules">{list.value?.map((rule) => <Row rule={rule} onEdit={() => (editing.value = rule)} onChanged={() => void load()} key={rule.rule} />)}</ul>
      </div>
      {editing.value && <Edit rule={editing.value === "new" ? null : editing.value} onClose={() => (editing.value = null)} onSaved={() => { editing.value = null; toast(words().shell.saved); void load(); }} />}
    </div>
  );
}

function Row({ rule, onEdit, onChanged }: { rule: Rule; onEdit: () => void; onChanged: () => void }) {
  const t = mod().rules;
  const trial = useSignal<Trial | null>(rule.trial);
  const busy = useSignal(false);
  const running = !!trial.value && trial.value.finished_at === null;
  useEffect(() => { trial.value = rule.trial; }, [rule]);
  // The dry run goes on by itself; here one only looks how far it has got.
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => void oneRule(rule.rule).then((answer) => (trial.value = answer.trial), () => undefined), TRY_EVERY);
    return () => clearInterval(timer);
  }, [running]);
  const go = (act: Promise<unknown>) => { busy.value = true; act.then(onChanged, fail).finally(() => (busy.value = false)); };
  const { rule: id, kind, name_fr, name_en, data, action } = rule;
  const body: RuleBody = { kind, name_fr, name_en, data, action };
  const name = lang() === "fr" ? name_fr : name_en;
  const tried = !running && trial.value?.version === rule.version && !trial.value.failed;
  return (
    <li class="rule" aria-label={name}>
      <div class="row wrap"><h2 class="grow">{name}</h2><span class="tag">{t[kind]}</span><span class="tag">{t[action]}</span><span class={`tag ${rule.live ? "ok" : ""}`}>{rule.live ? t.live : t.draft}</span></div>
      <TrialLine trial={trial.value} version={rule.version} />
      <div class="row wrap">
        <button type="button" class="btn" disabled={busy.value || running} onClick={() => go(tryRule(id))}>{t.try}</button>
        {rule.live ? <button type="button" class="btn" disabled={busy.value} onClick={() => go(changeRule(id, body, false))}>{t.stop}</button>
          : <button type="button" class="btn primary" disabled={busy.value || !tried} title={tried ? undefined : t.tryFirst} onClick={() => go(changeRule(id, body, true))}>{t.goLive}</button>}
        <button type="button" class="btn" disabled={busy.value} onClick={onEdit}><Icon name="edit" />{t.edit}</button>
        <button type="button" class="btn danger" disabled={busy.value} onClick={() => go(removeRule(id))}>{t.remove}</button>
      </div>
    </li>
  );
}

function TrialLine({ trial, version }: { trial: Trial | null; version: number }) {
  const t = mod().rules;
  if (!trial || (trial.finished_at !== null && trial.version !== version)) return <p class="list-size second">{t.tryFirst}</p>;
  const see = (message: string) => {
    const from = route.peek();
    void locate(message).then(({ room, seq }) => { if (route.peek() === from) navigate(toRoom(room, seq)); }, fail);
  };
  return (
    <div class="trial" role="status">
      {trial.failed ? <p class="over">{t.failed}</p>
        : trial.finished_at === null ? (trial.rooms ? <><p>{t.trying(trial.rooms_done, trial.rooms)}</p><progress max={trial.rooms} value={trial.rooms_done} aria-label={t.try} /></> : <p>{t.waiting}</p>)
        : <p class="strong">{t.tried(trial.found, trial.seen)}</p>}
      {trial.finished_at !== null && trial.sample.length > 0 && <div class="row wrap">{trial.sample.map((id, at) => <button type="button" class="link reach" onClick={() => see(id)} key={id}>{t.sample} {at + 1}</button>)}</div>}
    </div>
  );
}

const lines = (value: unknown): string => (Array.isArray(value) ? value.join("\n") : "");
const unlines = (text: string): string[] => text.split("\n").map((one) => one.trim()).filter(Boolean);

function Edit({ rule, onClose, onSaved }: { rule: Rule | null; onClose: () => void; onSaved: () => void }) {
  const t = mod().rules;
  const kind = useSignal<RuleKind>(rule?.kind ?? "words");
  const fr = useSignal(rule?.name_fr ?? "");
  const en = useSignal(rule?.name_en ?? "");
  const action = useSignal<RuleBody["action"]>(rule?.action ?? "flag");
  const data = useSignal<Record<string, unknown>>(rule?.data ?? {});
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const save = (event: Event) => {
    event.preventDefault();
    busy.value = true;
    const body: RuleBody = { kind: kind.value, name_fr: fr.value.trim(), name_en: en.value.trim(), action: action.value, data: dataOf(kind.value, data.value) };
    // What looks for something else has not been tried: it goes live again by a press of its own.
    const same = !!rule && JSON.stringify(rule.data) === JSON.stringify(body.data);
    (rule ? changeRule(rule.rule, body, rule.live && same) : writeRule(body)).then(onSaved, (why: unknown) => (error.value = why)).finally(() => (busy.value = false));
  };
  return (
    <Sheet title={rule ? t.edit : t.add} onClose={onClose}>
      <form onSubmit={save}>
        <Line id="rule-fr" label={t.nameFr} value={fr} /><Line id="rule-en" label={t.nameEn} value={en} />
        <div class="input-block"><label for="rule-kind">{t.kind}</label>
          <select class="input" id="rule-kind" value={kind.value} disabled={!!rule} onChange={(event) => { kind.value = event.currentTarget.value as RuleKind; data.value = {}; if (!TEXTS.includes(kind.value) && action.value === "hint") action.value = "flag"; }}>{KINDS.map((one) => <option value={one} key={one}>{t[one]}</option>)}</select></div>
        <Fields kind={kind.value} data={data} />
        <div class="input-block"><span class="as-label">{t.action}</span><Segments label={t.action} value={action.value} onPick={(value) => (action.value = value)} options={[...(TEXTS.includes(kind.value) ? [{ value: "hint" as const, label: t.hint }] : []), { value: "hold", label: t.hold }, { value: "flag", label: t.flag }]} /></div>
        <Problem error={error.value} />
        <button type="submit" class="btn primary tall" disabled={busy.value || !fr.value.trim() || !en.value.trim()}>{words().shell.save}</button>
      </form>
    </Sheet>
  );
}

function Line({ id, label, value }: { id: string; label: string; value: Signal<string> }) {
  return <div class="input-block"><label for={id}>{label}</label><input class="input" id={id} maxLength={80} required value={value.value} onInput={(event) => (value.value = event.currentTarget.value)} /></div>;
}

function Fields({ kind, data }: { kind: RuleKind; data: Signal<Record<string, unknown>> }) {
  const t = mod().rules;
  const set = (name: string, value: unknown) => (data.value = { ...data.value, [name]: value });
  const many = (name: string, label: string) => (
    <div class="input-block"><label for={`rule-${name}`}>{label}</label><textarea class="input short" id={`rule-${name}`} required value={(data.value[`${name}_text`] as string | undefined) ?? lines(data.value[name])} onInput={(event) => set(`${name}_text`, event.currentTarget.value)} /></div>
  );
  const number = (name: string, label: string, most: number) => (
    <div class="input-block"><label for={`rule-${name}`}>{label}</label><input class="input" id={`rule-${name}`} type="number" min={1} max={most} required value={(data.value[name] as number | undefined) ?? ""} onInput={(event) => set(name, event.currentTarget.valueAsNumber)} /></div>
  );
  switch (kind) {
    case "words": return many("words", t.wordsField);
    case "links": return many("hosts", t.allowed);
    case "pattern": return <div class="input-block"><label for="rule-pattern">{t.patternField}</label><input class="input" id="rule-pattern" maxLength={500} required value={(data.value["pattern"] as string | undefined) ?? ""} onInput={(event) => set("pattern", event.currentTarget.value)} /></div>;
    case "rate": return <div class="two">{number("messages", t.posts, 1000)}{number("seconds", t.within, 86_400)}</div>;
    case "newcomer": return <><div class="two">{number("messages", t.posts, 1000)}{number("seconds", t.within, 86_400)}</div>{number("days", t.days, 365)}</>;
  }
}

/** The data of its kind alone, lists from their lines. */
function dataOf(kind: RuleKind, data: Record<string, unknown>): Record<string, unknown> {
  const list = (name: string) => (typeof data[`${name}_text`] === "string" ? unlines(data[`${name}_text`] as string) : data[name]);
  switch (kind) {
    case "words": return { words: list("words") };
    case "links": return { hosts: list("hosts") };
    case "pattern": return { pattern: data["pattern"] };
    case "rate": return { messages: data["messages"], seconds: data["seconds"] };
    case "newcomer": return { messages: data["messages"], seconds: data["seconds"], days: data["days"] };
  }
}
