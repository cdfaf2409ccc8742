/** How one event changes one message, and the room's state: pure functions that return new objects. */
import type { EventFrame, EventOf, MessageItem, Reaction, RoomState, Withheld } from "./protocol";

/** Where several reasons hold, the first of these is the one that is told. */
const WEIGHT: Withheld[] = ["erased", "withdrawn", "retracted", "hidden", "superseded"];

function heavier(a: Withheld | null, b: Withheld | null): Withheld | null {
  if (!a || !b) return a ?? b;
  return WEIGHT.indexOf(a) <= WEIGHT.indexOf(b) ? a : b;
}

/** The message that an event is about, or null. */
export function messageOf(event: EventFrame): string | null {
  const id = (event.data as { message?: unknown }).message;
  return typeof id === "string" ? id : null;
}

/** Kinds that stand as a line of their own between the messages. Those that are about a message are drawn on it, but for what moves or is asked. */
export function isNotice(event: EventFrame): boolean {
  // An answer that changed is no longer accepted: one line says both.
  if (event.kind === "answer.unaccepted") return event.data.why === "asker";
  // In the case's own room; in its group's the card says it.
  if (event.kind === "case.updated") return event.data.case === event.room;
  return /^((member|moderator|person|room|image|expert|thread|answer|consent)\.|(case\.(moved|merged|parted|unanswered)|differential\.(proposed|withdrawn|hidden|restored)|reference\.(added|hidden|restored)|consensus\.proposed|outcome\.due)$)/.test(event.kind);
}

export function itemOf(event: EventOf<"message.posted">): MessageItem {
  const d = event.data;
  return {
    message: d.message, seq: event.seq, post_no: d.post_no, at: event.at, actor: event.actor, client_id: d.client_id, body: d.body, mentions: d.mentions,
    reply_to: d.reply_to, images: d.images ?? [], form: d.form, edited_seq: null, withheld: d.withheld ?? null,
    reactions: { agree: 0, useful: 0, thanks: 0, discuss: 0 }, mine: [], case: null, doubt: null,
  };
}

/** Without the words: they are dropped here the moment the event says so. */
function withhold(item: MessageItem, why: Withheld): MessageItem {
  return { ...item, body: null, mentions: null, withheld: heavier(item.withheld, why) };
}

function reacted(item: MessageItem, reaction: Reaction, by: string | undefined, me: string, step: 1 | -1): MessageItem {
  const reactions = { ...item.reactions, [reaction]: Math.max(0, (item.reactions[reaction] ?? 0) + step) };
  if (by !== me) return { ...item, reactions };
  const others = item.mine.filter((r) => r !== reaction);
  return { ...item, reactions, mine: step === 1 ? [...others, reaction] : others };
}

/** The message after the event; the same object where nothing changes. */
export function foldItem(item: MessageItem, event: EventFrame, me: string): MessageItem {
  switch (event.kind) {
    case "message.edited": {
      const edited = { ...item, edited_seq: event.seq };
      if (event.data.withheld) return withhold(edited, event.data.withheld);
      // What is retracted or hidden stays so, whatever comes after; only a superseded text is replaced by its successor.
      if (item.withheld && item.withheld !== "superseded") return edited;
      return { ...edited, body: event.data.body, mentions: event.data.mentions, withheld: null };
    }
    case "message.retracted":
      return withhold(item, event.data.withheld ?? "retracted");
    case "message.hidden":
      return withhold(item, event.data.withheld ?? "hidden");
    case "message.withdrawn":
      return withhold(item, event.data.withheld ?? "withdrawn");
    case "vote.cast":
    case "vote.withdrawn":
    case "answer.amended":
      return { ...item, doubt: event.data.doubt };
    case "reaction.added":
      return reacted(item, event.data.reaction, event.actor?.id, me, 1);
    case "reaction.removed":
      return reacted(item, event.data.reaction, event.actor?.id, me, -1);
    case "case.opened":
    case "case.updated": {
      const d = event.data;
      const urgency = d.urgency ?? item.case?.urgency;
      if (!urgency) return item;
      return { ...item, case: { room: d.case, status: d.status, answers: d.answers, specialty: d.specialty ?? item.case?.specialty ?? null, urgency } };
    }
    case "image.shown":
    case "image.hidden":
    case "image.restored":
    case "image.mask_asked":
    case "mark.added":
    case "mark.removed":
      return { ...item }; // another object: who draws its pictures asks for them anew
    default:
      return item;
  }
}

/** The room's state after the event; the same object where nothing changes. */
export function foldState(state: RoomState, event: EventFrame, me: string): RoomState {
  switch (event.kind) {
    case "room.locked":
      return { ...state, lock: { reason: event.data.reason ?? null, actor: event.actor, until: event.data.until ?? null } };
    case "room.unlocked":
      return { ...state, lock: null };
    case "room.slowed":
      return { ...state, slow_mode: event.data.seconds, answers_exempt: event.data.answers_exempt ?? false };
    case "pin.added":
      return { ...state, pins: [...state.pins.filter((p) => p.message !== event.data.message), { message: event.data.message, seq: event.seq }] };
    case "pin.removed":
      return { ...state, pins: state.pins.filter((p) => p.message !== event.data.message) };
    case "member.silenced":
      // Why is on the room's record: the event does not carry it.
      return event.data.person === me ? { ...state, silenced_until: event.data.until, silence_reason: null } : state;
    case "moderator.joined":
    case "moderator.left": {
      const others = state.moderators.filter((one) => one.id !== event.data.person);
      const came = event.kind === "moderator.joined" && event.actor?.id === event.data.person ? [event.actor] : [];
      return { ...state, moderators: [...others, ...came] };
    }
    case "expert.asked":
      return { ...state, expert: { specialty: event.data.specialty } };
    case "expert.unasked":
      return { ...state, expert: null };
    case "member.role_changed":
      return event.data.person === me ? { ...state, role: event.data.role } : state;
    default:
      return state;
  }
}
