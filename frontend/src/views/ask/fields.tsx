/** Fields that asking, turning into a case and the profile share. */
import { specialties } from "../../store";
import type { Urgency } from "../../protocol";
import { lang, words } from "../../i18n";

export const urgencies = (): { value: Urgency; label: string }[] => {
  const t = words().room;
  return [{ value: "hour", label: t.hour }, { value: "today", label: t.today }, { value: "week", label: t.week }, { value: "teaching", label: t.teaching }];
};

export function SpecialtySelect({ id, value, none, onPick }: { id: string; value: string; none?: string; onPick: (code: string) => void }) {
  const list = specialties.value;
  return (
    <select class="input" id={id} value={value} onChange={(event) => onPick(event.currentTarget.value)}>
      <option value="">{none ?? words().cases.choose}</option>
      {list?.groups.map((group) => (
        <optgroup label={group.name[lang()]} key={group.code}>{group.specialties.map((one) => <option value={one.code} selected={one.code === value} key={one.code}>{one.label}</option>)}</optgroup>
      ))}
    </select>
  );
}
