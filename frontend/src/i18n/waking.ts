/** What a lock screen may show: why one is called, never by whom nor about what. */
import type { Reason } from "../worker/call";
import { frenchSpaces, p, type Lang } from "./pair";

const words = {
  mention: p("On vous cite dans une salle.", "You were mentioned in a room."),
  direct: p("Un message privé vous attend.", "A private message waits for you."),
  reply: p("On vous a répondu.", "Someone replied to you."),
  my_case: p("Du nouveau dans un de vos cas.", "News in one of your cases."),
  followed_case: p("Du nouveau dans un cas que vous suivez.", "News in a case you follow."),
  group_question: p("Une question est posée à l’un de vos groupes.", "A question was asked in one of your groups."),
  urgent: p("Une question urgente attend une réponse.", "An urgent question waits for an answer."),
  message: p("Du nouveau dans une salle.", "News in a room."),
  called: p("Un modérateur vous appelle dans une salle.", "A moderator calls you into a room."),
  amended: p("Une réponse retenue ou votée a été modifiée.", "An accepted or voted answer was changed."),
  consensus: p("Un consensus peut être déclaré dans un de vos cas.", "A consensus may be declared in one of your cases."),
  unanswered: p("Un de vos cas attend encore une réponse.", "One of your cases still awaits an answer."),
  outcome: p("Comment un de vos cas s’est-il terminé ?", "How did one of your cases end?"),
  test: p("Cet appareil reçoit les notifications.", "This device receives notifications."),
} as const satisfies Record<Reason, readonly [string, string]>;

export function wakingWords(lang: Lang): Record<Reason, string> {
  const side = lang === "fr" ? 0 : 1;
  return Object.fromEntries(Object.entries(words).map(([reason, pair]) => [reason, frenchSpaces(pair[side])])) as Record<Reason, string>;
}
