/** The head of a room: where one is, who is here, and what can be done with the room. */
import { useSignal } from "@preact/signals";
import type { RoomItem, RoomView } from "../../store";
import { connection, join, leave, session } from "../../store";
import { words } from "../../i18n";
import { back, navigate, toSearch } from "../../router";
import { LiveMark } from "../connection";
import { toast } from "../parts/announce";
import { specialtyLabel } from "../parts/atoms";
import { Icon, Shield } from "../parts/icons";
import { lazily } from "../parts/lazy";
import { Menu, MenuItem } from "../parts/sheet";
import { caseSheet, moderating } from "../layers";
import { shortName } from "../parts/names";
import { narrow, panelShown, wide } from "../prefs";
import { NoticeLevel } from "./NoticeLevel";

const MembersSheet = lazily(() => import("./Members").then((part) => part.MembersSheet), "unless it fails");

export function Header({ view, room, onModerate }: { view: RoomView; room: RoomItem; onModerate: () => void }) {
  const t = words().room;
  const menu = useSignal<HTMLElement | null>(null);
  const people = useSignal(false);
  const present = view.present.value;
  const title = room.title || t.caseGone;
  const moderators = view.state.value?.moderators ?? [];
  const specialty = Object.entries(present?.by_specialty ?? {}).sort((a, b) => b[1] - a[1])[0];
  // Who is here is known only while connected.
  const online = connection.value.state === "live" || connection.value.state === "catching";
  const label = specialty && specialtyLabel(specialty[0]);
  const fail = (error: unknown) => toast(error instanceof Error ? error.message : words().shell.errorTitle);
  const act = (run: () => Promise<void>) => () => { menu.value = null; run().catch(fail); };
  return (
    <header class="room-head">
      {narrow.value && <button type="button" class="icon-btn" aria-label={words().shell.back} onClick={() => back("/")}><Icon name="back" /></button>}
      <div class="names">
        <h1 class="one-line" title={title}>{title}</h1>
        <div class="facts">
          {!narrow.value && <LiveMark />}
          {online && present && present.count > 0 && <span>{!narrow.value && label && specialty && present.count > 1 ? t.presentOf(t.present(present.count), specialty[1], label.toLocaleLowerCase()) : t.present(present.count)}</span>}
          {room.kind === "group" && <span>{t.memberCount(room.members)}</span>}
          {moderators.length > 0 ? <span><Shield size="small" />{words().moderation.inRoom(moderators.map((one) => shortName(one.name)).join(", "))}</span>
            : room.moderator_live && <span><Shield size="small" />{t.moderatorLive}</span>}
          {view.state.value?.expert && <span class="expert"><Icon name="star" size="small" />{words().moderation.expert}</span>}
          {view.behind.value && <span class="third">{t.behind}</span>}
        </div>
      </div>
      {!narrow.value && <a class="icon-btn" href={toSearch({ room: room.id })} aria-label={t.searchIn} title={t.searchIn}><Icon name="search" /></a>}
      {room.member && <NoticeLevel room={room} />}
      {room.case && !narrow.value && (
        <button type="button" class="icon-btn" aria-label={words().cases.sheetTitle} title={words().cases.sheetTitle} aria-pressed={wide.value ? panelShown.value : caseSheet.value}
          onClick={() => (wide.value ? (panelShown.value = !panelShown.value) : (caseSheet.value = true))}><Icon name="panel" /></button>
      )}
      {session.value.me?.mod && <button type="button" class="icon-btn" aria-label={words().moderation.moderate} title={words().moderation.moderate} aria-keyshortcuts="Shift+M" onClick={onModerate}><Icon name="shield" /></button>}
      <button type="button" class="icon-btn" aria-haspopup="menu" aria-expanded={!!menu.value} aria-label={words().shell.more} title={words().shell.more} onClick={(event) => (menu.value = event.currentTarget)}><Icon name="more" /></button>
      {menu.value && (
        <Menu anchor={menu.value} label={words().shell.more} onClose={() => (menu.value = null)}>
          <MenuItem onPick={() => { menu.value = null; people.value = true; }}><Icon name="people" />{t.members}</MenuItem>
          <MenuItem onPick={() => { menu.value = null; navigate(toSearch({ room: room.id })); }}><Icon name="search" />{t.searchIn}</MenuItem>
          {room.kind === "group" && <MenuItem onPick={() => { menu.value = null; navigate(`/ask?group=${encodeURIComponent(room.id)}`); }}><Icon name="plus" />{words().shell.askQuestion}</MenuItem>}
          <MenuItem onPick={() => { menu.value = null; moderating.value = { kind: "record", room: room.id }; }}><Icon name="list" />{words().moderation.record}</MenuItem>
          {session.value.me?.mod && <MenuItem onPick={() => { menu.value = null; onModerate(); }}><Icon name="shield" />{words().moderation.moderate}</MenuItem>}
          <hr />
          {room.member
            ? <MenuItem onPick={act(() => leave(room.id))}><Icon name="close" />{room.kind === "case" ? t.unfollowCase : t.leaveRoom}</MenuItem>
            : <MenuItem onPick={act(() => join(room.id))}><Icon name="plus" />{room.kind === "case" ? t.followCase : t.joinRoom}</MenuItem>}
        </Menu>
      )}
      {people.value && <MembersSheet room={room} onClose={() => (people.value = false)} />}
    </header>
  );
}
