/** What happened to the case, as a line of the log; where it asks for something, with the way to it. */
import type { EventFrame } from "../../protocol";
import { session, type RoomView } from "../../store";
import { proposal } from "../../cases/counting";
import type { Sheet } from "../../cases/sheet";
import { words } from "../../i18n";
import { caseWords } from "../../i18n/sheet";
import { clock } from "../../i18n/time";
import { Icon } from "../parts/icons";
import { nameOf } from "../parts/people";
import type { Act } from "../../moderation/door";
import { actOn, reasonWords } from "../../moderation/reasons";
import { moderating } from "../layers";
import { openLayer, type Layer } from "./acting";
import { Jump, lineOf } from "./jump";
import { useSheet } from "./useSheet";

/** `message` is what it is about, `opens` what the reader may do now. */
interface Said { text: string; caution?: boolean; message?: string; contest?: string; opens?: { label: string; layer: Layer } }

export function Line({ event, view, active, lineKey }: { event: EventFrame; view: RoomView; active: boolean; lineKey: string }) {
  const sheet = useSheet(view).sheet.value;
  const said = lineSaid(event, { sheet, me: session.value.me?.id ?? "", nameOf: (message) => authorOf(view, sheet, message), withheld: (message) => lineOf(view, message)?.item.withheld ?? null, hid: (object) => actOn(view.id, object) });
  if (!said) return null;
  const tab = active ? 0 : -1;
  const { opens, contest } = said;
  return (
    <div class={`notice case-line${said.caution ? " caution" : ""}`} data-key={lineKey} tabIndex={tab}>
      <time dateTime={event.at}>{clock(event.at)}</time>
      <span>{said.caution && <Icon name="alert" size="small" />}{said.text}
        {said.message && <> <Jump view={view} message={said.message} seq={lineOf(view, said.message)?.item.seq ?? null} tab={tab}>{caseWords().sheet.see}</Jump></>}
        {contest && <> <button type="button" class="link reach" tabIndex={tab} onClick={() => (moderating.value = { kind: "appeal", act: contest })}>{words().moderation.contest}</button></>}
        {opens && <> <button type="button" class="btn" tabIndex={tab} onClick={() => openLayer(view, opens.layer)}>{opens.label}</button></>}</span>
    </div>
  );
}

function authorOf(view: RoomView, sheet: Sheet | null, message: string): string {
  const actor = lineOf(view, message)?.item.actor ?? sheet?.answers.find((one) => one.message === message)?.actor;
  return actor?.name ?? words().room.someone;
}

interface Known { sheet: Sheet | null; me: string; nameOf(message: string): string; withheld(message: string): string | null; /** The act that hides this now, once it is known. */ hid?(object: string): HidBy | undefined }

type HidBy = Pick<Act, "act" | "person" | "reason">;

/** Why, once the record has been read; who it was done to may contest it there. */
function hidden(said: string, by: HidBy | undefined, me: string): Said {
  return { text: by?.reason ? caseWords().sheet.hiddenBecause(said, reasonWords(by.reason)) : said, ...(by && by.person === me ? { contest: by.act } : {}) };
}

/** Pure but for the words: what is said of an event to this reader; null: nothing. */
export function lineSaid(event: EventFrame, { sheet, me, nameOf: whose, withheld, hid }: Known): Said | null {
  const { lines: t, sheet: s } = caseWords();
  const who = event.actor ? nameOf(event.actor.id, event.actor) : words().room.someone;
  const asker = sheet?.asker?.id === me;
  switch (event.kind) {
    case "answer.accepted": return { text: t.accepted(who, whose(event.data.message)), message: event.data.message };
    case "answer.unaccepted": return { text: t.unaccepted(who, whose(event.data.message)), message: event.data.message };
    case "answer.amended": {
      const { accepted, message } = event.data;
      const gone = withheld(message);
      if (gone && gone !== "superseded") return { text: accepted ? t.withheldAccepted : t.withheldVoted, caution: true, message };
      return { text: (accepted ? t.amendedAccepted : t.amendedVoted)(who), caution: true, message };
    }
    case "differential.proposed": {
      const label = sheet?.differentials.find((one) => one.differential === event.data.differential)?.label;
      return { text: label ? t.proposed(who, label) : t.proposedSome(who) };
    }
    case "differential.withdrawn": return { text: t.takenBack(who) };
    case "differential.hidden": return hidden(t.diagnosisHidden, hid?.(event.data.differential), me);
    case "differential.restored": return { text: t.diagnosisRestored };
    case "reference.hidden": return { ...hidden(t.referenceHidden(whose(event.data.message)), hid?.(event.data.reference), me), message: event.data.message };
    case "reference.restored": return { text: t.referenceRestored(whose(event.data.message)), message: event.data.message };
    case "reference.added": return { text: t.referenced(who, whose(event.data.message)), message: event.data.message };
    case "consensus.proposed": {
      const { message, differential } = event.data;
      const now = sheet && proposal(sheet);
      const open = asker && now && (differential ? now.differential === differential : now.message === message);
      return { text: t.consensus, ...(message ? { message } : {}), ...(open ? { opens: { label: s.declare, layer: { kind: "consensus", ...(message ? { message } : {}), ...(differential ? { differential } : {}) } } } : {}) };
    }
    case "case.unanswered": return asker ? { text: t.unansweredMine, ...(sheet?.status === "open" ? { opens: { label: t.invite, layer: { kind: "members" } } } : {}) } : { text: t.unanswered };
    case "outcome.due": return asker
      ? { text: t.due(event.data.weeks), ...(sheet?.outcomes.length || sheet?.withheld ? {} : { opens: { label: s.tellOutcome, layer: { kind: "outcome" } } }) }
      : { text: t.dueTheirs(event.data.weeks) };
    case "consent.recorded": return { text: t.consentRecorded(who) };
    case "consent.withdrawn": return { text: t.consentWithdrawn, caution: true };
    default: return null;
  }
}
