/** The specialties and colleagues whose cases come first for me. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { follow } from "../../cases/finding";
import { session, specialties } from "../../store";
import { findingWords } from "../../i18n/finding";
import { lang } from "../../i18n";
import { Avatar, Problem, Skeletons, standing } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { MentionPicker, type PickerKeys } from "../room/MentionPicker";
import { fail } from "./CaseCard";
import { useFollows } from "./useFollows";

export function Follows() {
  const t = findingWords().finding;
  const { value, error, again } = useFollows();
  const query = useSignal("");
  const keys = useRef<PickerKeys | null>(null);
  const turn = (what: "specialties" | "people", id: string, on: boolean) => void follow(what, id, on).then(again, fail);
  const all = specialties.value?.groups ?? [];
  const name = (code: string) => all.find((one) => one.code === code)?.name[lang()] ?? code;
  const me = session.value.me!;
  if (!value) return error ? <Problem error={error} retry={() => void again()} /> : <Skeletons />;
  return (
    <>
      <p class="second list-size intro">{t.followsHint}</p>
      <section class="me-part" aria-labelledby="followed-specialties"><h2 id="followed-specialties">{t.followedSpecialties}</h2>
        {value.specialties.length === 0 && <p class="list-size third">{t.noSpecialty}</p>}
        <ul class="people-chosen">{value.specialties.map((code) => (
          <li class="person-chip" key={code}>{name(code)}<button type="button" class="icon-btn" aria-label={t.unfollowName(name(code))} onClick={() => turn("specialties", code, false)}><Icon name="close" size="small" /></button></li>
        ))}</ul>
        <select class="input" aria-label={t.addSpecialty} value="" onChange={(event) => { const code = event.currentTarget.value; event.currentTarget.value = ""; if (code) turn("specialties", code, true); }}>
          <option value="">{t.addSpecialty}</option>
          {all.filter((one) => !value.specialties.includes(one.code) && one.code !== me.group).map((one) => <option value={one.code} key={one.code}>{one.name[lang()]}</option>)}
        </select>
      </section>
      <section class="me-part last" aria-labelledby="followed-people"><h2 id="followed-people">{t.followedPeople}</h2>
        {value.people.length === 0 && <p class="list-size third">{t.noPerson}</p>}
        <ul>{value.people.map((one) => (
          <li class="found entry-row" key={one.id}><Avatar person={one} big /><div class="about"><div class="name">{one.name}</div><div>{standing(one)}</div></div>
            <div class="acts"><button type="button" class="btn" aria-label={t.unfollowName(one.name ?? "?")} onClick={() => turn("people", one.id, false)}>{t.unfollow}</button></div></li>
        ))}</ul>
        <div class="anchor">
          <label class="field"><Icon name="plus" /><input value={query.value} placeholder={t.addPerson} aria-label={t.addPerson} autocomplete="off" onInput={(event) => (query.value = event.currentTarget.value)} onKeyDown={(event) => { if (query.value && keys.current?.(event)) event.preventDefault(); }} /></label>
          {query.value.trim() && <MentionPicker query={query.value.trim()} keys={keys} onPick={(one) => { query.value = ""; turn("people", one.id, true); }} onClose={() => (query.value = "")} without={[me.id, ...value.people.map((one) => one.id)]} />}
        </div>
      </section>
    </>
  );
}
