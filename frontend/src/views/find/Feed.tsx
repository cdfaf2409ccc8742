/** The cases that ask for me: what is urgent and unanswered in my specialties first, each with the reason why it is here. */
import { feed, follow, ONLY, type Only, type Told } from "../../cases/finding";
import { session, specialties } from "../../store";
import { findingWords } from "../../i18n/finding";
import { lang, words } from "../../i18n";
import { navigate } from "../../router";
import { Empty, Problem, Skeletons } from "../parts/atoms";
import { statuses } from "../parts/statuses";
import { Icon } from "../parts/icons";
import { toCases } from "./asked";
import { CaseCard, fail } from "./CaseCard";
import { useFollows } from "./useFollows";
import { usePages } from "./usePages";

interface Props { only: Only | ""; specialty: string; status: string }

export function Feed({ only, specialty, status }: Props) {
  const t = findingWords();
  const found = usePages<Told>((next, stop) => feed({ only, specialty, status, next }, stop), JSON.stringify([only, specialty, status]), 0);
  const go = (some: Partial<Props>) => navigate(toCases("feed", { only, specialty, status, ...some } as Parameters<typeof toCases>[1]), { replace: true });
  const list = found.items.value;
  const chips: [Only | "", string][] = [["", t.finding.all], ...ONLY.map((one) => [one, t.only[one]] as [Only, string])];
  return (
    <>
      <div class="sticky-tools">
        <div class="chips" role="group" aria-label={t.finding.show}>
          {chips.map(([value, label]) => <button type="button" class="chip reach" aria-pressed={only === value} onClick={() => go({ only: value })} key={value}>{label}</button>)}
        </div>
        <div class="filters">
          <select class="input" aria-label={t.finding.specialty} value={specialty} onChange={(event) => go({ specialty: event.currentTarget.value })}>
            <option value="">{t.finding.specialty}</option>
            {specialties.value?.groups.map((one) => <option value={one.code} selected={one.code === specialty} key={one.code}>{one.name[lang()]}</option>)}
          </select>
          <select class="input" aria-label={t.finding.status} value={status} onChange={(event) => go({ status: event.currentTarget.value })}>
            <option value="">{t.finding.status}</option>
            {statuses.map((one) => <option value={one} selected={one === status} key={one}>{words().room[one]}</option>)}
          </select>
        </div>
        {specialty && specialty !== session.value.me?.group && <FollowSpecialty code={specialty} />}
        <span class="unseen" role="status">{list && t.finding.feedOf(list.length, !!found.next.value)}</span>
      </div>
      <Problem error={found.error.value} retry={found.again} />
      {!list && !found.error.value && <Skeletons />}
      {list?.length === 0 && <Empty title={t.finding.feedNone}><p>{t.finding.feedNoneHint}</p>{(only || specialty || status) && <button type="button" class="link" onClick={() => go({ only: "", specialty: "", status: "" })}>{t.finding.without}</button>}</Empty>}
      {list && list.length > 0 && <div role="feed" aria-label={t.finding.feed}>
        {list.map(({ room, reasons }, at) => <CaseCard room={room} reasons={reasons} at={at} of={found.next.value ? -1 : list.length} key={room.id} />)}
      </div>}
      {found.next.value && <button type="button" class="btn" onClick={found.more}>{words().shell.moreResults}</button>}
    </>
  );
}

function FollowSpecialty({ code }: { code: string }) {
  const t = findingWords().finding;
  const { value, again } = useFollows();
  const name = specialties.value?.groups.find((one) => one.code === code)?.name[lang()] ?? code;
  if (!value) return null;
  const on = value.specialties.includes(code);
  return (
    <button type="button" class="link reach follow-one" onClick={() => void follow("specialties", code, !on).then(again, fail)}>
      <Icon name={on ? "check" : "plus"} size="small" />{on ? t.unfollowName(name) : t.followSpecialty(name)}
    </button>
  );
}
