/** What a moderator can do to a message, a room, a case, a person: the tools as data, for the tray and the console alike. */
import { mod } from "../../i18n/console";
import { act, suspend, undo, type Deed, type Done } from "../../moderation/door";
import { session } from "../../store";
import type { IconName } from "../parts/icons";

export interface Target {
  room: string | null;
  kind: "group" | "case" | "private" | null;
  /** `veiled`: those of its pictures that are withheld. */
  message: { id: string; hidden: boolean; images: string[]; veiled: string[]; pinned: boolean } | null;
  /** `suspension`: the act that shuts them out now. */
  person: { id: string; name: string | null; silenced: boolean; suspension: string | null } | null;
  locked: boolean; slow: number; expert: boolean;
  /** Whether this moderator is in the room. */
  inside?: boolean;
  /** Whether this moderator may act on the whole service. */
  everywhere: boolean;
}
export type Section = "message" | "room" | "case" | "person";
/** What a tool still has to know: one of some durations, a room, a picture, a specialty. */
export type Asks = "silence" | "slow" | "suspend" | "room" | "group" | "case" | "image" | "specialty";
export interface Tool {
  id: string; key?: string; icon: IconName; label: string; section: Section; asks?: Asks;
  /** Needs a second press. */
  twice?: boolean;
  /** No reason is asked for. */
  free?: boolean;
  /** It takes something back, so it cannot be taken back itself. */
  back?: boolean;
  /** It may have a duration, after which it ends by itself. */
  lasting?: boolean;
  /** Of which pictures it asks for one. */
  pictures?: string[];
  /** `lasts`: seconds, of a tool that is lasting; null: until somebody ends it. */
  run(reason: string, chosen: unknown, lasts: number | null): Promise<Done>;
}

/** Whether this person moderates the whole service. */
export const everywhere = (): boolean => session.value.me?.remit === "all" || !!session.value.me?.roles.includes("administrator");

const MINUTE = 60, HOUR = 3600, DAY = 86_400;
export const SILENCES = [10 * MINUTE, HOUR, DAY, 7 * DAY];
export const DURATIONS: (number | null)[] = [null, HOUR, DAY, 7 * DAY];
export const SLOWS = [10, 30, 60, 300];
export const SUSPENSIONS: (number | null)[] = [DAY, 7 * DAY, 30 * DAY, null];

export function lastingWords(seconds: number | null): string {
  const t = mod().tools;
  if (seconds === null) return t.forGood;
  if (seconds >= DAY) return t.days(Math.round(seconds / DAY));
  if (seconds >= HOUR) return t.hours(Math.round(seconds / HOUR));
  return seconds >= MINUTE ? t.minutes(Math.round(seconds / MINUTE)) : t.seconds(seconds);
}

export function toolsFor(of: Target): Tool[] {
  const t = mod().tools;
  const { room, message, person } = of;
  const tools: Tool[] = [];
  // In a private conversation nothing is done but by who came in to read it, for all to see.
  if (room && (of.kind !== "private" || of.inside)) {
    const deed = (fields: Deed, lasts: number | null = null): Promise<Done> => act(room, lasts === null ? fields : { ...fields, lasts });
    if (message) {
      tools.push(message.hidden
        ? { id: "restore", back: true, key: "m", icon: "eye", label: t.restore, section: "message", run: (reason) => deed({ type: "message.restore", message: message.id, reason }) }
        : { id: "hide", key: "m", icon: "eyeoff", label: t.hide, section: "message", lasting: true, run: (reason, _, lasts) => deed({ type: "message.hide", message: message.id, reason }, lasts) });
      const picture = (tool: Pick<Tool, "id" | "key" | "icon" | "label" | "back" | "lasting">, type: string, pictures: string[]): Tool => ({
        ...tool, section: "message", pictures, ...(pictures.length > 1 ? { asks: "image" as const } : {}), run: (reason, image, lasts) => deed({ type, message: message.id, image: image ?? pictures[0], reason }, lasts),
      });
      const shown = message.images.filter((one) => !message.veiled.includes(one)), veiled = message.images.filter((one) => message.veiled.includes(one));
      if (shown.length) tools.push(picture({ id: "mask", key: "d", icon: "mask", label: t.mask }, "image.ask_mask", shown), picture({ id: "hidepicture", icon: "photo", label: t.hidePicture, lasting: true }, "image.hide", shown));
      if (veiled.length) tools.push(picture({ id: "showpicture", icon: "eye", label: t.restorePicture, back: true }, "image.restore", veiled));
      if (of.kind !== "private") tools.push({ id: "pin", key: "p", icon: "pin", label: message.pinned ? t.unpin : t.pin, section: "message", free: true, back: message.pinned, lasting: !message.pinned,
        run: (_, __, lasts) => deed({ type: message.pinned ? "pin.remove" : "pin.add", message: message.id }, lasts) });
      if (of.kind === "group") tools.push({ id: "thread", icon: "move", label: t.moveThread, section: "message", asks: "room", run: (reason, to) => deed({ type: "thread.move", message: message.id, to, reason }) });
    }
    tools.push(of.slow
      ? { id: "slowend", back: true, key: "l", icon: "hour", label: t.slowEnd, section: "room", run: (reason) => deed({ type: "room.slow", seconds: 0, answers_exempt: false, reason }) }
      : { id: "slow", key: "l", icon: "hour", label: t.slow, section: "room", asks: "slow", lasting: true, run: (reason, chosen, lasts) => deed({ type: "room.slow", ...(chosen as { seconds: number; answers_exempt: boolean }), reason }, lasts) });
    tools.push({ id: of.locked ? "unlock" : "lock", back: of.locked, key: "v", icon: "lock", label: of.locked ? t.unlock : t.lock, section: "room", lasting: !of.locked, run: (reason, _, lasts) => deed({ type: of.locked ? "room.unlock" : "room.lock", reason }, lasts) });
    tools.push({ id: "call", key: "a", icon: "people", label: t.call, section: "room", run: (reason) => deed({ type: "moderator.call", reason }) });
    if (of.kind === "case") tools.push(
      of.expert ? { id: "unexpert", back: true, key: "e", icon: "star", label: t.unexpert, section: "case", run: (reason) => deed({ type: "expert.unask", reason }) }
        : { id: "expert", key: "e", icon: "star", label: t.expert, section: "case", asks: "specialty", lasting: true, run: (reason, specialty, lasts) => deed({ type: "expert.ask", ...(specialty ? { specialty } : {}), reason }, lasts) },
      { id: "movecase", icon: "move", label: t.moveCase, section: "case", asks: "group", run: (reason, to) => deed({ type: "case.move", to, reason }) },
      { id: "merge", icon: "merge", label: t.merge, section: "case", asks: "case", run: (reason, into) => deed({ type: "case.merge", into, reason }) },
    );
    if (person) tools.push(
      person.silenced ? { id: "unsilence", back: true, key: "s", icon: "mute", label: t.unsilence, section: "person", run: (reason) => deed({ type: "member.unsilence", person: person.id, reason }) }
        : { id: "silence", key: "s", icon: "mute", label: t.silence, section: "person", asks: "silence", run: (reason, seconds) => deed({ type: "member.silence", person: person.id, seconds, reason }) },
      { id: "remove", key: "x", icon: "out", label: t.remove, section: "person", twice: true, lasting: true, run: (reason, _, lasts) => deed({ type: "member.remove", person: person.id, reason }, lasts) },
    );
  }
  const suspension = person?.suspension;
  if (person && of.everywhere) tools.push(suspension ? { id: "unsuspend", back: true, icon: "check", label: t.unsuspend, section: "person", run: (reason) => undo(suspension, reason) } : { id: "suspend", icon: "alert", label: t.suspend, section: "person", asks: "suspend", twice: true, 
    // The log of the room that it came from says so too, without the reason; a private conversation one does not visit is not one's own to write in.
    run: (reason, seconds) => suspend(person.id, seconds as number | null, reason, of.kind === "private" && !of.inside ? null : room) });
  return tools;
}
