/** A moderator hides a proposed diagnosis or a reference, or shows it again: with a reason, and undone with one press. */
import { useSignal } from "@preact/signals";
import { mod } from "../../i18n/console";
import { caseWords } from "../../i18n/sheet";
import { act } from "../../moderation/door";
import type { RoomView } from "../../store";
import { Problem } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { Sheet } from "../parts/sheet";
import { Motive, told } from "../moderation/Tools";
import type { Hiding } from "./acting";
import { readingOf } from "./useSheet";
import "../../styles/moderation.css";

export default function HideSheet({ view, of, onClose }: { view: RoomView; of: Hiding; onClose: () => void }) {
  const t = caseWords().sheet;
  const reason = useSignal("");
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const title = of.noun === "differential" ? (of.back ? t.showDiagnosis : t.hideDiagnosis) : t.hideReference;
  const send = (event: Event) => {
    event.preventDefault();
    if (busy.value || !reason.value.trim()) return;
    busy.value = true;
    error.value = null;
    act(view.id, { type: `${of.noun}.${of.back ? "restore" : "hide"}`, [of.noun]: of.id, reason: reason.value.trim() })
      .then((done) => { told(title, done, of.back); onClose(); }, (why: unknown) => (error.value = why)).finally(() => { busy.value = false; readingOf(view).again(); });
  };
  return (
    <Sheet title={title} onClose={onClose}>
      <form onSubmit={send}>
        {of.label && <blockquote class="tray-quote"><p dir="auto">{of.label}</p></blockquote>}
        <p class="list-size second">{t.hideNote}</p>
        <Motive reason={reason} />
        <Problem error={error.value} />
        <button type="submit" class="btn mod tall" disabled={busy.value || !reason.value.trim()}><Icon name={of.back ? "eye" : "eyeoff"} />{title}</button>
        <p class="undoable meta second"><Icon name="undo" size="small" />{mod().tools.undoable}</p>
      </form>
    </Sheet>
  );
}
