/** What REST answers beyond the wire protocol, and what views draw. */
import type { Kept } from "./pictures/kept";
import type { DrawnOn } from "./pictures/laying";
import type { Pointing } from "./live";
import type { Mark, Point } from "./pictures/shapes";
import type { ReadonlySignal, Signal } from "@preact/signals";
import type { Actor, CaseStatus, EventFrame, Head, Mention, MessageItem, MessagePost, Present, Reaction, RoomState, Urgency, Withheld } from "./protocol";
import type { Refusal } from "./api";

/** Kinds of identifiers that an author says are none, or may stay. */
export type Confirmed = NonNullable<MessagePost["confirmed"]>;

export type Locale = "fr" | "en";
export interface PersonCard extends Actor { verified?: boolean; specialty_label?: string | null; group?: string | null; place?: string | null }
export type Verification = "incomplete" | "pending" | "verified" | "expired";
export interface Me extends PersonCard {
  title?: string; given_name?: string; family_name?: string; email: string; roles: string[]; verification: Verification; locale: Locale; mod: boolean;
  /** Where this person moderates: everywhere, in some groups, or nowhere. */
  remit?: "all" | "some" | null;
}
export interface Profile {
  given_name?: string; family_name?: string; title?: string; profession?: string; specialty?: string; level?: string; place?: string; locale?: Locale;
}
export interface Specialties {
  groups: { code: string; name: { fr: string; en: string }; specialties: { code: string; label: string }[] }[];
  professions: { code: string; label: string }[];
}
export interface CaseItem {
  status: CaseStatus; urgency: Urgency; specialty: string | null; question: string | null; author: PersonCard | null; answers: number;
  opened_at: string; first_answer_at: string | null; group: { id: string; title: string } | null;
}
export interface RoomItem {
  id: string; kind: "group" | "case" | "private"; title: string; code: string | null; member: boolean; role: null | "member" | "owner" | "moderator";
  muted: boolean;
  /** What wakes this person here; absent or null: the default of its kind. */
  notices?: "all" | "mentions" | "none" | null;
  head: Head; read_seq: number; unread: number; mentions: number; members: number; joinable: boolean;
  lock: { reason: string | null } | null; moderator_live: boolean;
  /** A moderator asks for an expert, of this specialty or of any. */
  expert?: { specialty: string | null } | null;
  last: { seq: number; at: string; actor: PersonCard | null; excerpt: string | null; withheld: Withheld | null } | null;
  case: CaseItem | null;
}
/** What a person hears the outcome of. */
export type Decided = "report" | "appeal";
export interface Member { person: PersonCard; role: string; joined_at: string }
export interface Hit {
  room: { id: string; kind: RoomItem["kind"]; title: string; code: string | null };
  message: string; seq: number; at: string; actor: PersonCard | null; excerpt: string; marks: [number, number][]; doubt?: MessageItem["doubt"];
}
export interface Version { seq: number; at: string; body: string | null; mentions: Mention[] | null }
export interface NewCase {
  title: string; question: string; specialty: string; urgency: Urgency; group?: string; groups?: string[]; people?: string[]; everyone?: boolean; confirmed?: Confirmed;
  template?: Partial<Record<"age_band" | "sex" | "history" | "done" | "feared", string>>;
  consent?: { told: string[]; recorded: string };
  /** Ids of one's own pictures that the server has. */
  images?: string[];
  /** Give the same id again to send the same case again. */
  id?: string;
}

export interface Suspension { act: string | null; until: string | null; reason: string | null }
export interface Session {
  status: "loading" | "out" | "unverified" | "suspended" | "in";
  me?: Me;
  /** Why this account is shut out, until when (null: no set end), and the act that an appeal is about. */
  suspension?: Suspension;
  /** The session endpoint could not be reached; another try is under way. */
  unreachable?: boolean;
  /** Why a session ended by itself: a close code such as 4401 or 4403. */
  endedBy?: number;
}
export interface Connection {
  state: "live" | "reconnecting" | "offline" | "catching" | "stopped";
  /** How many messages of this person wait on this device. */
  unsent: number;
  /** How many events are still to be read. */
  catchingCount?: number;
  /** The close code that stopped it. */
  code?: number;
  /** When this state began, in ms since 1970. */
  since: number;
}

export interface OutboxEntry {
  /** The client id, for ever the same for this message. */
  id: string;
  room: string; body: string; replyTo: string | null; mentions: Mention[];
  /** Ids of pictures that the server has already. */
  images?: string[];
  /** Drawn on them before it was sent. */
  marks?: DrawnOn[];
  /** Absent where the text could not be looked at. */
  confirmed?: Confirmed;
  state: "queued" | "sending" | "failed";
  /** Order of writing on this device. */
  order: number;
  at: string;
  /** Why it failed, or why it waits. */
  code?: string; message?: string;
}

/** What a reply quotes; `message` null where it is not loaded here. */
export interface Quote { message: string; seq: number | null; actor: Actor | null; body: string | null; withheld: Withheld | null; doubt: MessageItem["doubt"] }

/** The lines of a room, in order, ready to draw. `key` is stable over updates. */
export type Line =
  | { type: "day"; key: string; at: string }
  | { type: "new"; key: string; at: string; count: number }
  | {
    type: "message"; key: string; item: MessageItem;
    /** Name and specialty stand on the first message of a run. */
    first: boolean;
    own: boolean; reply: Quote | null;
    /** It names the person who reads. */
    forMe: boolean;
  }
  | { type: "notice"; key: string; event: EventFrame }
  | { type: "unsent"; key: string; entry: OutboxEntry; first: boolean; reply: Quote | null };

export interface Draft { body: string; replyTo: string | null; mentions: Mention[]; pictures?: Kept[] }

export interface RoomView {
  readonly id: string;
  item: ReadonlySignal<RoomItem | null>;
  /** null until the room is entered on this connection's or an earlier one. */
  state: ReadonlySignal<RoomState | null>;
  lines: ReadonlySignal<Line[]>;
  /** The divider "new since", set on opening, kept until the room is closed. */
  newSince: ReadonlySignal<{ seq: number; at: string; count: number } | null>;
  loading: ReadonlySignal<boolean>;
  more: ReadonlySignal<{ before: boolean; after: boolean }>;
  present: ReadonlySignal<Present | null>;
  /** Others who write now; leave by themselves. */
  typing: ReadonlySignal<Actor[]>;
  /** Others who point on a picture now. */
  pointing: ReadonlySignal<Pointing[]>;
  /** "live": the newest messages are shown; "past": the window is elsewhere, `below` counts what came after it. */
  mode: ReadonlySignal<"live" | "past">;
  below: ReadonlySignal<number>;
  /** Up to which event the room's case may have moved. */
  said: ReadonlySignal<number>;
  /** True while what is shown may be behind the server. */
  behind: ReadonlySignal<boolean>;
  /** The last thing that went wrong; views may set it to null. */
  error: Signal<Refusal | null>;
  /** The room was lost: a `left` code such as "room.removed". */
  gone: ReadonlySignal<string | null>;
  /** Read and write it; it is saved while typing. */
  draft: Signal<Draft>;
  /** A line to scroll to and flash once; a view sets it to null when it has. */
  jump: Signal<{ seq: number } | null>;
  loadBefore(): Promise<void>;
  loadAfter(): Promise<void>;
  /** Back to the newest messages. */
  toNewest(): Promise<void>;
  jumpTo(seq: number): Promise<void>;
  /** To the first unread line, for whom a notification about `at` brought here. */
  land(at: number): Promise<void>;
  /** Into the outbox at once, whatever the network does. */
  send(body: string, options?: { replyTo?: string | null; mentions?: Mention[]; images?: string[]; marks?: DrawnOn[]; confirmed?: Confirmed }): Promise<void>;
  /** These reject with a Refusal. `seq` is the version that was seen: item.edited_seq ?? item.seq. */
  edit(item: MessageItem, body: string, mentions?: Mention[], confirmed?: Confirmed): Promise<void>;
  retract(message: string): Promise<void>;
  react(message: string, reaction: Reaction): Promise<void>;
  unreact(message: string, reaction: Reaction): Promise<void>;
  /** Read up to `seq`, or up to the newest shown. Cheap to call often. */
  markRead(seq?: number): void;
  /** Call at each key; it is sent at most every 3 s. */
  typed(): void;
  /** Shows the others where one points on a picture and what one draws; null: nowhere any more. */
  point(image: string, at: Point | null, drawn: Mark | null): void;
  retry(id: string): Promise<void>;
  discard(id: string): Promise<void>;
}
