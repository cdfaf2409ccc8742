/** The wire protocol, version 1, as types. Provisional: to be generated from the server's typed frames. */

export type Reaction = "agree" | "useful" | "thanks" | "discuss";
export type Withheld = "retracted" | "superseded" | "hidden" | "withdrawn" | "erased";
export type Form = "text" | "question" | "answer";
export type CaseStatus = "open" | "answered" | "consensus" | "closed";
export type Urgency = "hour" | "today" | "week" | "teaching";
export type Mode = "replay" | "page" | "reset";

export interface Head { epoch: string; seq: number }
export interface Actor {
  id: string; name: string | null; profession: string | null; specialty: string | null; level: string | null; as: "moderator" | null;
}
export interface Mention { person: string; start: number; length: number }
export interface Limits {
  frame_bytes: number; body_chars: number; replay_events: number; resume_events: number; rooms: number; connections: number;
  commands_burst: number; commands_per_second: number; posts_burst: number; posts_per_second: number;
}
export interface Present { count: number; by_specialty: Record<string, number>; sample: Actor[] }
export interface RoomState {
  role: string | null; read_seq: number; unread: number; mentions: number; pins: { message: string; seq: number }[];
  lock: { reason: string | null; actor: Actor | null } | null; slow_mode: number; silenced_until: string | null; first_seq: number; present: Present;
}
export interface CaseCard { room: string; status: CaseStatus; answers: number; specialty: string | null; urgency: Urgency }
export interface MessageItem {
  message: string; seq: number; post_no: number; at: string; actor: Actor | null; client_id: string | null; body: string | null;
  mentions: Mention[] | null; reply_to: string | null; images: string[]; form: Form; edited_seq: number | null; withheld: Withheld | null;
  reactions: Record<Reaction, number>; mine: Reaction[]; case: CaseCard | null;
}

interface Data { withheld?: Withheld | null }
interface AboutMessage extends Data { message: string }
interface AboutPerson extends Data { person: string }
interface CaseData extends Data { case: string; message: string | null; status: CaseStatus; answers: number; specialty?: string | null; urgency?: Urgency }

/** The `data` of each kind of event. */
export interface EventData {
  "message.posted": Data & {
    message: string; client_id: string | null; post_no: number; body: string | null; mentions: Mention[] | null; reply_to: string | null; images: string[]; form: Form;
  };
  "message.edited": AboutMessage & { base: number; body: string | null; mentions: Mention[] | null };
  "message.retracted": AboutMessage;
  "message.hidden": AboutMessage & { reason?: string | null };
  "message.restored": AboutMessage;
  "reaction.added": AboutMessage & { reaction: Reaction };
  "reaction.removed": AboutMessage & { reaction: Reaction };
  "member.joined": AboutPerson;
  "member.left": AboutPerson;
  "member.removed": AboutPerson;
  "member.role_changed": AboutPerson & { role: string };
  "member.silenced": AboutPerson & { until: string | null };
  "room.locked": Data & { reason?: string | null };
  "room.unlocked": Data;
  "room.slowed": Data & { seconds: number };
  "pin.added": AboutMessage;
  "pin.removed": AboutMessage;
  "moderator.joined": AboutPerson & { reason: string | null };
  "moderator.left": AboutPerson;
  "case.opened": CaseData;
  "case.updated": CaseData;
  "room.joined": Data & { room: string };
  "room.left": Data & { room: string; code: string };
  "room.renamed": Data & { room?: string };
  "mention.received": Data & { room: string; seq: number };
  "read.marked": Data & { room: string; seq: number };
  "verification.decided": Data & { status: string };
  "session.revoked": Data;
}
export type EventKind = keyof EventData;
export type EventOf<K extends EventKind> = {
  type: "event"; room: string; epoch: string; seq: number; kind: K; at: string; actor: Actor | null; data: EventData[K];
};
export type EventFrame = { [K in EventKind]: EventOf<K> }[EventKind];

export type SignalFrame =
  | { type: "signal"; room: string; kind: "typing"; actor: Actor | null; data: Record<string, never> }
  | { type: "signal"; room: string; kind: "presence"; actor: Actor | null; data: Present };

export interface HelloOk {
  type: "ok"; ref: number; protocol: number; server: string; features: string[]; session: string;
  me: { id: string; name: string; profession: string | null; specialty: string | null; roles: string[] };
  personal: { room: string; head: Head }; limits: Limits; heartbeat_ms: number; server_time: string;
}
export interface OkFrame {
  type: "ok"; ref: number; room?: string; head?: Head; mode?: Mode; state?: RoomState; seq?: number; message?: string;
  duplicate?: boolean; unchanged?: boolean; server_time?: string;
}
export interface RefusedFrame {
  type: "refused"; ref: number | null; code: string; message: string; temporary: boolean; retry_after_ms: number; fields?: string[]; protocols?: number[];
}
export interface EnteredFrame { type: "entered"; room: string; head: Head; mode: Mode; state: RoomState }
export interface LeftFrame { type: "left"; room: string; code: string }
export interface HeadsFrame { type: "heads"; rooms: Record<string, number> }
export interface ReconnectFrame { type: "reconnect"; after_ms: number }
export type ServerFrame = HelloOk | OkFrame | RefusedFrame | EventFrame | SignalFrame | EnteredFrame | LeftFrame | HeadsFrame | ReconnectFrame;

export interface MessagePost {
  type: "message.post"; room: string; id: string; body: string; reply_to?: string | null; images?: string[]; mentions?: Mention[];
}
/** What a client may ask, without the `ref` that the socket gives it. */
export type Command =
  | { type: "hello"; protocols: number[]; ticket?: string; client?: string; locale?: string; resume?: { room: string; after: Head | null }[] }
  | { type: "room.enter"; room: string; after: Head | null }
  | { type: "room.leave"; room: string }
  | MessagePost
  | { type: "message.edit"; room: string; message: string; base: number; body: string; mentions?: Mention[] }
  | { type: "message.retract"; room: string; message: string }
  | { type: "reaction.add" | "reaction.remove"; room: string; message: string; reaction: Reaction }
  | { type: "read.mark"; room: string; seq: number }
  | { type: "typing"; room: string }
  | { type: "ping" };
