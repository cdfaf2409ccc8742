/** What happened in the room beside messages: people, moderation, the case's status. */
import type { EventFrame } from "../../protocol";
import type { RoomView } from "../../store";
import { words } from "../../i18n";
import { clock, until } from "../../i18n/time";
import { toRoom } from "../../router";
import { specialtyLabel } from "../parts/atoms";
import { Shield } from "../parts/icons";
import { nameOf } from "../parts/people";
import { CaseLine } from "./caseParts";

export function Notice({ event, view, active, lineKey }: { event: EventFrame; view: RoomView; active: boolean; lineKey: string }) {
  const said = useSaid(event);
  if (!said) return view.item.value?.case ? <CaseLine event={event} view={view} active={active} lineKey={lineKey} /> : null;
  const at = <time dateTime={event.at}>{clock(event.at)}</time>;
  const common = { "data-key": lineKey, tabIndex: active ? 0 : -1 };
  return said.moderation
    ? <div class="notice moderation" {...common}><Shield /><span>{said.text}</span>{at}</div>
    : <div class="notice" {...common}>{at}<span>{said.text}{said.to && <> <a class="link" href={toRoom(said.to.room)} tabIndex={active ? 0 : -1}>{said.to.label}</a></>}</span></div>;
}

/** Ink is for arrivals and for what binds everyone in the room; the rest is said quietly. */
interface Said { text: string; moderation?: boolean; to?: { room: string; label: string } }

function useSaid(event: EventFrame): Said | null {
  const t = words().room;
  const m = words().moderation;
  switch (event.kind) {
    case "member.joined": return { text: t.joined(nameOf(event.data.person, event.actor)) };
    case "member.left": return { text: t.leftRoom(nameOf(event.data.person, event.actor)) };
    case "member.removed": return { text: t.removed(nameOf(event.data.person, event.actor)) };
    case "member.role_changed": return { text: t.roleChanged(nameOf(event.data.person, event.actor)) };
    case "member.silenced": return { text: (event.data.until ? t.wasSilenced : m.unsilenced)(nameOf(event.data.person, event.actor)) };
    case "member.readmitted": return { text: m.readmitted(nameOf(event.data.person, event.actor)) };
    case "person.suspended": return { text: m.suspended(nameOf(event.data.person, event.actor)) };
    case "person.reinstated": return { text: m.reinstated(nameOf(event.data.person, event.actor)) };
    case "moderator.joined": {
      const said = m.joined(nameOf(event.data.person, event.actor));
      return { text: event.data.reason ? m.because(said, event.data.reason) : said, moderation: true };
    }
    case "moderator.left": return { text: m.left(nameOf(event.data.person, event.actor)) };
    case "moderator.called": return { text: event.data.person ? m.calledWho(nameOf(event.data.person, null)) : m.called };
    case "moderator.uncalled": return { text: m.uncalled };
    case "image.hidden": return { text: m.imageHidden };
    case "image.restored": return { text: m.imageRestored };
    case "image.mask_asked": return { text: m.maskAsked };
    case "thread.moved": return { text: m.threadMoved, ...(event.data.to === event.room ? {} : { to: { room: event.data.to, label: m.threadTo } }) };
    case "case.moved": return event.data.case === event.room ? { text: m.caseMoved, ...(event.data.to ? { to: { room: event.data.to, label: m.caseMovedTo } } : {}) } : event.data.to === event.room ? null : { text: m.caseGone, to: { room: event.data.case, label: t.openCase } };
    case "case.parted": return { text: m.caseParted, to: { room: event.data.into === event.room ? event.data.case : event.data.into, label: m.caseInto } };
    case "case.merged": return event.data.into === event.room ? { text: m.caseMergedHere, to: { room: event.data.case, label: m.caseInto } } : { text: m.caseMerged, to: { room: event.data.into, label: m.caseInto } };
    case "expert.asked": return { text: m.expertAsked(specialtyLabel(event.data.specialty) ?? "") };
    case "expert.unasked": return { text: m.expertUnasked };
    case "room.locked": {
      const said = event.data.until ? `${t.roomLocked} ${until(event.data.until)}` : t.roomLocked;
      return { text: event.data.reason ? t.lockedWhy(said, event.data.reason) : said, moderation: true };
    }
    case "room.unlocked": return { text: t.roomUnlocked, moderation: true };
    case "room.slowed": {
      const said = event.data.until ? `${t.roomSlowed(event.data.seconds)} ${until(event.data.until)}` : t.roomSlowed(event.data.seconds);
      return { text: event.data.seconds && event.data.answers_exempt ? m.slowFor(said) : said, moderation: true };
    }
    case "case.updated": return event.data.case === event.room ? { text: t.caseNow(t[event.data.status]) } : null;
    default: return null;
  }
}
