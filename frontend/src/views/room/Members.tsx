/** Who belongs to a room, and inviting one more. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Member, PersonCard, RoomItem } from "../../store";
import { invite, members, session } from "../../store";
import { words } from "../../i18n";
import { toast } from "../parts/announce";
import { Avatar, Problem, Skeletons, standing } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { Sheet } from "../parts/sheet";
import { moderating } from "../layers";
import { MentionPicker, type PickerKeys } from "./MentionPicker";

export function MembersSheet({ room, onClose }: { room: RoomItem; onClose: () => void }) {
  const t = words();
  const list = useSignal<Member[] | null>(null);
  const next = useSignal<string | null>(null);
  const error = useSignal<unknown>(null);
  const query = useSignal("");
  const keys = useRef<PickerKeys | null>(null);
  const load = (from: string | null) => members(room.id, from).then((page) => {
    if (from && next.peek() !== from) return; // pressed twice, or the list was read anew
    list.value = [...(from ? list.value ?? [] : []), ...page.items];
    next.value = page.next;
    error.value = null;
  }, (why: unknown) => (error.value = why));
  useEffect(() => void load(null), [room.id]);
  const add = (person: PersonCard) => {
    query.value = "";
    invite(room.id, person.id).then(() => { toast(t.room.joined(person.name ?? "?")); void load(null); }, (why: unknown) => (error.value = why));
  };
  return (
    <Sheet title={t.room.members} onClose={onClose}>
      <div class="col">
        {room.member && (
          <div class="anchor">
            <label class="field"><Icon name="plus" /><input value={query.value} placeholder={t.room.invite} aria-label={t.room.invite} onInput={(event) => (query.value = event.currentTarget.value)} onKeyDown={(event) => { if (query.value && keys.current?.(event)) event.preventDefault(); }} /></label>
            {query.value.trim() && <MentionPicker query={query.value.trim()} keys={keys} onPick={add} onClose={() => (query.value = "")} without={list.value?.map((one) => one.person.id) ?? []} />}
          </div>
        )}
        <Problem error={error.value} retry={() => void load(null)} />
        {!list.value && !error.value && <Skeletons />}
        <ul>
          {list.value?.map(({ person, role }) => (
            <li class="option" key={person.id}><Avatar person={person} /><span class="grow"><span class="strong">{person.name}</span> <span class="sub">{standing(person)}</span></span>
              {role === "moderator" && <span class="tag mod">{t.people.moderator}</span>}{role === "owner" && <span class="tag">{t.people.owner}</span>}
              {person.id !== session.value.me?.id && <button type="button" class="icon-btn" aria-label={`${t.moderation.report} ${person.name ?? ""}`} title={t.moderation.report} onClick={() => { onClose(); moderating.value = { kind: "report", of: { person: person.id }, name: person.name ?? "" }; }}><Icon name="flag" /></button>}</li>
          ))}
        </ul>
        {next.value && <button type="button" class="btn" onClick={() => void load(next.value)}>{t.shell.moreResults}</button>}
      </div>
    </Sheet>
  );
}
