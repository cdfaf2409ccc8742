/** What a push says: ids and a reason. Anything that is not exactly that says only that there is something. */

export const REASONS = ["mention", "direct", "reply", "my_case", "followed_case", "group_question", "urgent", "message", "amended", "consensus", "unanswered", "outcome", "called", "test"] as const;
export type Reason = (typeof REASONS)[number];

export interface Call {
  room: string | null;
  seq: number;
  reason: Reason;
  /** How much waits for this person, in all. */
  badge: number | null;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const whole = (value: unknown): value is number => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

/** Never throws: a push that cannot be read has woken this device all the same. A reason of a later version reads as "message". */
export function parseCall(text: string | null): Call {
  let said: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text ?? "");
    if (typeof parsed === "object" && parsed !== null) said = parsed as Record<string, unknown>;
  } catch {
    // Said by the answer: no room, and the plainest reason.
  }
  const room = typeof said.room === "string" && UUID.test(said.room) ? said.room : null;
  return {
    room, seq: whole(said.seq) ? said.seq : 0, reason: REASONS.find((one) => one === said.reason) ?? "message", badge: whole(said.badge) ? said.badge : null,
  };
}
