/** Every case one may follow, open ones first. */
import { useSignal } from "@preact/signals";
import { rooms, roomsLoaded, session } from "../../store";
import { words } from "../../i18n";
import { Empty, Skeletons, statuses } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { Item } from "../list/RoomList";
import { isUrgent } from "../list/sections";
import type { CaseStatus } from "../../protocol";

export function Cases() {
  const t = words();
  const filter = useSignal<CaseStatus | "all" | "mine">("all");
  const me = session.value.me?.id ?? "";
  const list = rooms.value.filter((room) => room.case && (filter.value === "all" || (filter.value === "mine" ? room.case.author?.id === me : room.case.status === filter.value)))
    .sort((a, b) => Number(isUrgent(b)) - Number(isUrgent(a)) || statuses.indexOf(a.case!.status) - statuses.indexOf(b.case!.status) || b.case!.opened_at.localeCompare(a.case!.opened_at));
  const chips = [["all", t.room.all], ["mine", t.room.myCases], ...statuses.map((one) => [one, t.room[one]] as const)] as [typeof filter.value, string][];
  return (
    <div class="page"><header class="page-head"><h1>{t.cases.title}</h1><a class="btn primary" href="/ask"><Icon name="plus" />{t.shell.askQuestion}</a></header>
      <div class="page-in">
        <div class="sticky-tools"><div class="chips">{chips.map(([value, label]) => <button type="button" class="chip reach" aria-pressed={filter.value === value} onClick={() => (filter.value = value)} key={value}>{label}</button>)}</div></div>
        {roomsLoaded.value === "no" ? <Skeletons /> : list.length === 0 ? <Empty title={t.cases.none}><a class="link" href="/directory?tab=groups">{t.room.joinGroups}</a></Empty>
          : <div role="feed" aria-label={t.cases.title}>{list.map((room, at) => <article class="found" aria-label={room.title} aria-setsize={list.length} aria-posinset={at + 1} key={room.id}><Item room={room} me={me} /></article>)}</div>}
      </div>
    </div>
  );
}
