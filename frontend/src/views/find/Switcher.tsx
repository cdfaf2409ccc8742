/** The quick switcher: a few letters to any room, or on to search. */
import { useSignal } from "@preact/signals";
import { rooms } from "../../store";
import { words } from "../../i18n";
import { navigate, toRoom, toSearch } from "../../router";
import { Code, Status } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { Sheet } from "../parts/sheet";
import { switcher } from "../layers";
import { byName } from "../list/sections";

export function Switcher() {
  const t = words().shell;
  const query = useSignal("");
  const at = useSignal(0);
  const close = () => (switcher.value = false);
  const found = byName(rooms.value, query.value).slice(0, 12);
  const asked = query.value.trim();
  const count = found.length + (asked ? 1 : 0);
  const go = (index: number) => {
    const room = found[index];
    if (!room && !asked) return;
    close();
    navigate(room ? toRoom(room.id) : toSearch({ q: asked }));
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      at.value = (at.value + (event.key === "ArrowDown" ? 1 : -1) + count) % Math.max(1, count);
    } else if (event.key === "Enter") { event.preventDefault(); go(at.value); }
  };
  return (
    <Sheet title={t.goToTitle} side="top" onClose={close} bare>
      <label class="field"><Icon name="search" />
        <input value={query.value} placeholder={t.goTo} aria-label={t.goToTitle} role="combobox" aria-expanded="true" aria-controls="switch-results" aria-activedescendant={`switch-${at.value}`} autocomplete="off" autofocus
          onInput={(event) => { query.value = event.currentTarget.value; at.value = 0; }} onKeyDown={onKey} />
        <button type="button" class="link" onClick={close}><kbd>Esc</kbd><span class="unseen">{words().shell.close}</span></button>
      </label>
      <span class="unseen" role="status">{t.goResults(found.length)}</span>
      <div class="switch-results" role="listbox" id="switch-results" aria-label={t.goToTitle}>
        {found.map((room, index) => (
          <div class="option" role="option" id={`switch-${index}`} aria-selected={index === at.value} onClick={() => go(index)} key={room.id}>
            <Code item={room} /><span class="grow"><span class="one-line block">{room.title}</span><span class="meta second">{room.case ? <Status status={room.case.status} /> : room.kind === "private" ? words().room.privateKind : words().room.memberCount(room.members)}</span></span>
            {room.unread > 0 && <span class="count">{room.unread}</span>}
          </div>
        ))}
        {found.length === 0 && <p class="option third">{t.goNothing}</p>}
        {asked && <div class="option" role="option" id={`switch-${found.length}`} aria-selected={at.value === found.length} onClick={() => go(found.length)}><Icon name="search" /><span>{t.goSearch(asked)}</span></div>}
      </div>
    </Sheet>
  );
}
