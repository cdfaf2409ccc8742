/** What happened in the room beside messages: people, moderation, the case's status. */
import type { EventFrame } from "../../protocol";
import { words } from "../../i18n";
import { clock } from "../../i18n/time";
import { Shield } from "../parts/icons";
import { nameOf } from "../parts/people";

export function Notice({ event, active, lineKey }: { event: EventFrame; active: boolean; lineKey: string }) {
  const said = useSaid(event);
  if (!said) return null;
  const at = <time dateTime={event.at}>{clock(event.at)}</time>;
  const common = { "data-key": lineKey, tabIndex: active ? 0 : -1 };
  return said.moderation
    ? <div class="notice moderation" {...common}><Shield /><span>{said.text}</span>{at}</div>
    : <div class="notice" {...common}>{at}<span>{said.text}</span></div>;
}

function useSaid(event: EventFrame): { text: string; moderation?: boolean } | null {
  const t = words().room;
  switch (event.kind) {
    case "member.joined": return { text: t.joined(nameOf(event.data.person, event.actor)) };
    case "member.left": return { text: t.leftRoom(nameOf(event.data.person, event.actor)) };
    case "member.removed": return { text: t.removed(nameOf(event.data.person, event.actor)) };
    case "member.role_changed": return { text: t.roleChanged(nameOf(event.data.person, event.actor)) };
    case "member.silenced": return { text: t.wasSilenced(nameOf(event.data.person, event.actor)), moderation: true };
    case "moderator.joined": return { text: t.modJoined(nameOf(event.data.person, event.actor)), moderation: true };
    case "moderator.left": return { text: t.modLeft(nameOf(event.data.person, event.actor)) };
    case "room.locked": return { text: event.data.reason ? t.lockedWhy(t.roomLocked, event.data.reason) : t.roomLocked, moderation: true };
    case "room.unlocked": return { text: t.roomUnlocked, moderation: true };
    case "room.slowed": return { text: t.roomSlowed(event.data.seconds), moderation: true };
    case "case.updated": return event.data.case === event.room ? { text: t.caseNow(t[event.data.status]) } : null;
    default: return null;
  }
}
