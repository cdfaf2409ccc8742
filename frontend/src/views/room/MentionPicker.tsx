/** The people one may cite here, by the letters after "@". */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { people, type PersonCard } from "../../store";
import { words } from "../../i18n";
import { say } from "../parts/announce";
import { Avatar, standing } from "../parts/atoms";

export type PickerKeys = (event: KeyboardEvent) => boolean;

interface Props { room?: string; query: string; keys: { current: PickerKeys | null }; onPick: (person: PersonCard) => void; onClose: () => void; without?: string[] }

export function MentionPicker({ room, query, keys, onPick, onClose, without = [] }: Props) {
  const t = words().room;
  const found = useSignal<{ query: string; people: PersonCard[] } | null>(null);
  const at = useSignal(0);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      people({ q: query, ...(room ? { room } : {}) }, stop.signal).then(({ items }) => {
        if (stop.signal.aborted) return;
        found.value = { query, people: items.filter((one) => !without.includes(one.id)).slice(0, 8) };
        at.value = 0;
        say(t.mentionCount(found.value.people.length));
      }, () => { if (!stop.signal.aborted) found.value = { query, people: [] }; });
    }, 120);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [query, room]);

  const list = found.value?.people ?? [];
  // What answers earlier letters stays drawn until the answer to these: no key picks from it, and none goes past it. (Not narrowed here: people are found by more than their names.)
  const late = found.value?.query !== query;
  keys.current = (event) => {
    if (event.key === "ArrowDown" && list.length) at.value = (at.value + 1) % list.length;
    else if (event.key === "ArrowUp" && list.length) at.value = (at.value - 1 + list.length) % list.length;
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && list[at.value]) { if (!late) onPick(list[at.value]!); }
    else if (event.key === "Escape") { event.stopPropagation(); onClose(); }
    else return false;
    return true;
  };

  if (!found.value) return null;
  // Two words that match nobody are no mention: the "@" was just a sign.
  if (!list.length && query.includes(" ")) return null;
  return (
    <div class="picker" id="mention-options" role="listbox" aria-label={t.pickMention} aria-busy={late}>
      {list.length === 0 && <p class="none">{t.mentionNobody}</p>}
      {list.map((one, index) => (
        <div class="option" role="option" aria-selected={index === at.value} onPointerDown={(event) => { event.preventDefault(); onPick(one); }} key={one.id}>
          <Avatar person={one} /><span class="grow"><span class="strong">{one.name}</span> <span class="sub">{standing(one)}</span></span>
        </div>
      ))}
    </div>
  );
}
