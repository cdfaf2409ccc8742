/** Under the head of a case's room: the accepted answer with a jump; and what the case opens over the room. */
import { useEffect, useRef } from "preact/hooks";
import type { CaseStatus } from "../../protocol";
import { session, type RoomItem, type RoomView } from "../../store";
import { words } from "../../i18n";
import { caseWords } from "../../i18n/sheet";
import { clock } from "../../i18n/time";
import { say } from "../parts/announce";
import { Doubt } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { shortName } from "../parts/names";
import { layer } from "./acting";
import { lazily } from "../parts/lazy";
import { Jump } from "./jump";
import { useSheet } from "./useSheet";

// What is opened by a press comes with it.
const dialogs = () => import("./dialogs");
const ConsensusSheet = lazily(() => dialogs().then((part) => part.ConsensusSheet), "unless it fails");
const OutcomeSheet = lazily(() => dialogs().then((part) => part.OutcomeSheet), "unless it fails");
const RecordSheet = lazily(() => dialogs().then((part) => part.RecordSheet), "unless it fails");
const ReferenceSheet = lazily(() => dialogs().then((part) => part.ReferenceSheet), "unless it fails");
const WithdrawSheet = lazily(() => dialogs().then((part) => part.WithdrawSheet), "unless it fails");
const MembersSheet = lazily(() => import("../room/Members").then((part) => part.MembersSheet), "unless it fails");
const HideSheet = lazily(() => import("./Hide").then((part) => part.default), true);

export function Top({ view, room }: { view: RoomView; room: RoomItem }) {
  const sheet = useSheet(view).sheet.value;
  useSaid(sheet?.status);
  // What was open over one room is not opened over the next.
  useEffect(() => () => { layer.value = null; }, [view]);
  const open = layer.value?.room === view.id ? layer.value : null;
  // This one alone: what was done in it may be answered when another is open.
  const close = () => { if (layer.peek() === open) layer.value = null; };
  return (
    <>
      {sheet?.accepted && <AcceptedBar of={sheet.accepted} view={view} />}
      {open?.kind === "members" && <MembersSheet room={room} onClose={close} />}
      {open?.kind === "outcome" && <OutcomeSheet view={view} onClose={close} />}
      {open?.kind === "reference" && <ReferenceSheet view={view} message={open.message} onClose={close} />}
      {open?.kind === "hide" && <HideSheet view={view} of={open.of} onClose={close} />}
      {open?.kind === "withdraw" && <WithdrawSheet view={view} onClose={close} />}
      {open?.kind === "record" && sheet && <RecordSheet view={view} sheet={sheet} onClose={close} />}
      {open?.kind === "consensus" && sheet && <ConsensusSheet view={view} sheet={sheet} chosen={open} onClose={close} />}
    </>
  );
}

function AcceptedBar({ of, view }: { of: NonNullable<NonNullable<ReturnType<typeof useSheet>["sheet"]["value"]>["accepted"]>; view: RoomView }) {
  const t = caseWords().sheet;
  const name = of.actor?.name ?? "?";
  return (
    <div class="pinned accepted" role="note" aria-label={t.accepted}>
      <Icon name="check" />
      <div class="grow"><p><span class="strong">{t.accepted}</span> <span class="second">{name}{of.at && `, ${clock(of.at)}`}</span> <Doubt of={of.doubt} /></p>
        {of.withheld ? <p class="gone">{of.withheld === "retracted" ? words().room.retracted(shortName(name)) : words().room[of.withheld]}</p> : <p dir="auto">{of.excerpt}</p>}</div>
      <Jump view={view} message={of.message} seq={of.seq} label={t.seeAnswer(name)}>{t.see}</Jump>
    </div>
  );
}

/** A status that others changed is told to who cannot see it move. */
function useSaid(status: CaseStatus | undefined): void {
  const before = useRef<{ status: CaseStatus; me: string | undefined } | null>(null);
  useEffect(() => {
    const me = session.peek().me?.id;
    if (status && before.current && before.current.status !== status && before.current.me === me) say(caseWords().sheet.statusNow(words().room[status]));
    if (status) before.current = { status, me };
  }, [status]);
}
