/** The small parts every screen shares: code tiles, people, status glyphs, counts, errors. */
import type { ComponentChildren } from "preact";
import { specialties } from "../../store";
import type { PersonCard, RoomItem } from "../../store";
import type { Actor, CaseStatus, MessageItem } from "../../protocol";
import { words } from "../../i18n";
import { lang } from "../../i18n";
import { Refusal } from "../../store";
import { Icon, ShieldCheck } from "./icons";
import { initials } from "./names";

export { statuses } from "./statuses";

/** Group rooms are round, case rooms square; a private conversation shows its people. */
export function Code({ item }: { item: Pick<RoomItem, "kind" | "code" | "title"> }) {
  const label = item.code ?? (item.kind === "private" ? initials(item.title) : "…");
  return <span class={`code${item.kind === "case" ? "" : " round"}`} aria-hidden="true">{label}</span>;
}

export function Status({ status }: { status: CaseStatus }) {
  return (
    <span class={`status ${status}`}>
      <svg viewBox="0 0 10 10" aria-hidden="true">
        {status === "open" && <circle cx="5" cy="5" r="4" fill="none" stroke="currentColor" stroke-width="1.7" />}
        {status === "answered" && <><circle cx="5" cy="5" r="4" fill="none" stroke="currentColor" stroke-width="1.7" /><path d="M5 1a4 4 0 010 8z" fill="currentColor" /></>}
        {status === "consensus" && <circle cx="5" cy="5" r="4.6" fill="currentColor" />}
        {status === "closed" && <rect x="1" y="1" width="8" height="8" rx="1" fill="currentColor" />}
      </svg>
      {words().room[status]}
    </span>
  );
}

export function Verified() {
  const label = words().room.verified;
  return <span class="verified" role="img" aria-label={label} title={label}><ShieldCheck /></span>;
}

/** Said wherever a doubtful answer is shown, quoted or found. */
export function Doubt({ of }: { of: MessageItem["doubt"] | undefined }) {
  return of ? <span class="tag caution">{words().room[of]}</span> : null;
}

export function Avatar({ person, big }: { person: Pick<Actor, "name" | "as">; big?: boolean }) {
  return <span class={`avatar${big ? " big" : ""}${person.as === "moderator" ? " mod" : ""}`} aria-hidden="true">{initials(person.name ?? "?")}</span>;
}

/** The code of a specialty as people call it, in their language. */
export function specialtyLabel(code: string | null | undefined): string | null {
  if (!code) return null;
  for (const group of specialties.value?.groups ?? []) {
    const found = group.specialties.find((one) => one.code === code);
    // A group of one specialty is known by the group's short name; a finer one keeps its own label.
    if (found) return group.specialties.length === 1 || group.specialties[0] === found ? group.name[lang()] : found.label;
  }
  return null;
}

export function professionLabel(code: string | null | undefined): string | null {
  return specialties.value?.professions.find((one) => one.code === code)?.label ?? null;
}

/** What stands after a name: the level of someone in training, else the specialty, else the profession. */
export function standing(person: PersonCard): string | null {
  const specialty = person.specialty_label ?? specialtyLabel(person.specialty);
  if (person.level) return specialty ? `${person.level} · ${specialty}` : person.level;
  return specialty ?? professionLabel(person.profession);
}

/** What happened, what to do, and a small code to quote when asking for help. */
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  if (!error) return null;
  const t = words().shell;
  const refusal = error instanceof Refusal ? error : null;
  const offline = error instanceof TypeError || refusal?.code.startsWith("network");
  return (
    <div class="note block" role="alert">
      <Icon name="alert" />
      <div class="grow">
        <p>{offline ? t.network : refusal?.message || t.errorTitle}</p>
        <div class="row">
          {retry && <button type="button" class="link under" onClick={retry}>{t.retry}</button>}
          {refusal && <span class="meta third">{refusal.code}</span>}
        </div>
      </div>
    </div>
  );
}

export function Skeletons({ rows = 4 }: { rows?: number }) {
  return (
    <div class="skeletons" role="status">
      <span class="unseen">{words().shell.loading}</span>
      {Array.from({ length: rows }, (_, i) => <div class="skeleton" key={i} aria-hidden="true"><i /><div><i /><i /></div></div>)}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return <div class="empty"><strong>{title}</strong>{children}</div>;
}

/** A choice among a few, shown whole. */
export function Segments<T extends string>({ label, value, options, onPick }: { label: string; value: T; options: { value: T; label: string; urgent?: boolean }[]; onPick: (value: T) => void }) {
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" || event.key === "ArrowDown" ? 1 : event.key === "ArrowLeft" || event.key === "ArrowUp" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const at = (options.findIndex((one) => one.value === value) + step + options.length) % options.length;
    onPick(options[at]!.value);
    ((event.currentTarget as HTMLElement).children[at] as HTMLElement | undefined)?.focus();
  };
  const chosen = options.some((one) => one.value === value);
  return (
    <div class="segments" role="radiogroup" aria-label={label} onKeyDown={move}>
      {options.map((one, at) => (
        <button type="button" role="radio" aria-checked={one.value === value} tabIndex={one.value === value || (!chosen && at === 0) ? 0 : -1}
          class={one.urgent ? "urgent" : undefined} onClick={() => onPick(one.value)} key={one.value}>{one.label}</button>
      ))}
    </div>
  );
}
