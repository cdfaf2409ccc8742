/** Who one is, as it stands on every message. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Profile } from "../../store";
import { specialties } from "../../store";
import { words } from "../../i18n";
import { SpecialtySelect } from "../ask/fields";

export function ProfileFields({ value, onChange }: { value: Profile; onChange: (value: Profile) => void }) {
  const t = words().account;
  const field = (name: "given_name" | "family_name" | "title" | "level" | "place", label: string, more: { required?: boolean; autocomplete?: string; hint?: string } = {}) => (
    <div class="input-block"><label for={`p-${name}`}>{label}</label>
      <input class="input" id={`p-${name}`} value={value[name] ?? ""} required={more.required} autocomplete={more.autocomplete as "on"} maxLength={120} onInput={(event) => onChange({ ...value, [name]: event.currentTarget.value })} />
      {more.hint && <span class="hint">{more.hint}</span>}</div>
  );
  return (
    <>
      <div class="two">{field("given_name", t.given, { autocomplete: "given-name" })}{field("family_name", t.family, { autocomplete: "family-name" })}</div>
      <div class="two">
        {field("title", t.titleField, { autocomplete: "honorific-prefix" })}
        <div class="input-block"><label for="p-profession">{t.profession}</label>
          <select class="input" id="p-profession" value={value.profession ?? ""} onChange={(event) => onChange({ ...value, profession: event.currentTarget.value })}>
            <option value="">{words().cases.choose}</option>
            {specialties.value?.professions.map((one) => <option value={one.code} selected={one.code === value.profession} key={one.code}>{one.label}</option>)}
          </select></div>
      </div>
      <div class="input-block"><label for="p-specialty">{t.specialty}</label><SpecialtySelect id="p-specialty" value={value.specialty ?? ""} none={t.noSpecialty} onPick={(specialty) => onChange({ ...value, specialty })} /></div>
      {field("level", t.level, { hint: t.levelHint })}
      {field("place", t.place)}
    </>
  );
}

/** Only what was changed is sent: what the page does not know is left as it is. */
export function ProfileForm({ first, onSave, children }: { first: Profile; onSave: (profile: Profile) => Promise<unknown>; children?: ComponentChildren }) {
  const value = useSignal<Profile>(first);
  const busy = useSignal(false);
  return (
    <form onSubmit={(event) => {
      event.preventDefault();
      const changed = Object.fromEntries(Object.entries(value.value).filter(([key, now]) => now !== (first as Record<string, unknown>)[key] && (now !== "" || (first as Record<string, unknown>)[key])));
      busy.value = true;
      void onSave(changed).finally(() => (busy.value = false));
    }}>
      <ProfileFields value={value.value} onChange={(next) => (value.value = next)} />
      {children}
      <button type="submit" class="btn primary tall" disabled={busy.value}>{words().shell.save}</button>
    </form>
  );
}
