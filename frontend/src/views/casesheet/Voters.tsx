/** Who stands behind something: a tick a person, the names on a press. */
import { groupOf, ticks } from "../../cases/counting";
import type { Counted, Sheet } from "../../cases/sheet";
import { specialties } from "../../store";
import { lang } from "../../i18n";
import { caseWords } from "../../i18n/sheet";
import { Verified, professionLabel, standing } from "../parts/atoms";

/** Drawn singly up to here; the count beside them is of all. */
const DRAWN = 30;

export const caseGroup = (sheet: Sheet): string | null => groupOf(sheet.specialty, specialties.value);

export function Ticks({ of, group }: { of: Counted; group: string | null }) {
  return <span class="ticks" aria-hidden="true">{ticks(of, group).slice(0, DRAWN).map((filled, n) => <i class={filled ? "filled" : undefined} key={n} />)}</span>;
}

/** How many, as a number that is seen and a word that is heard. */
export const People = ({ n }: { n: number }) => <><b>{n}</b><span class="unseen">{caseWords().sheet.person(n)}</span></>;

export function Voters({ of, sheet, what }: { of: Counted; sheet: Sheet; what: string }) {
  const t = caseWords().sheet;
  if (of.count === 0) return null;
  return (
    <details class="voters">
      <summary aria-label={t.names(of.count, what)}><Ticks of={of} group={caseGroup(sheet)} /></summary>
      <ul>
        {of.people.map((one) => {
          const profession = professionLabel(one.profession);
          const said = standing(one);
          return <li key={one.id}><span class="strong">{one.name}</span> {one.verified !== false && <Verified />} <span class="second">{said}{profession && profession !== said && ` · ${profession}`}</span></li>;
        })}
        {of.count > of.people.length && <li class="second">{t.moreNames(of.count - of.people.length)}</li>}
      </ul>
    </details>
  );
}

/** What a filled tick means. */
export function Legend({ sheet }: { sheet: Sheet }) {
  const group = specialties.value?.groups.find((one) => one.code === caseGroup(sheet));
  if (!group) return null;
  return <p class="legend meta second" aria-hidden="true"><span class="ticks"><i class="filled" /></span>{group.name[lang()]}<span class="ticks"><i /></span>{caseWords().sheet.others}</p>;
}
