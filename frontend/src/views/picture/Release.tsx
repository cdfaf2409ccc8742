/** Why a held picture may be shown as it is: asked of its author, in the tray before a message and on the message after it. */
import { useSignal } from "@preact/signals";
import { pictureWords } from "../../i18n/pictures";
import "./release.css";

export function Release({ onRelease }: { onRelease: (why: string) => Promise<void> }) {
  const t = pictureWords();
  const why = useSignal("");
  const busy = useSignal(false);
  const failed = useSignal<string | null>(null);
  const show = async () => {
    const said = why.value.trim();
    if (!said || busy.value) return;
    busy.value = true;
    failed.value = null;
    try { await onRelease(said); } catch (error) { failed.value = error instanceof Error ? error.message : String(error); } finally { busy.value = false; }
  };
  return (
    <div class="row wrap release" role="group" aria-label={t.heldShow}>
      <label class="grow">{t.heldWhy}<input class="input" maxLength={200} value={why.value} ref={(field) => { if (field && !field.dataset.seen) { field.dataset.seen = "1"; field.focus(); } }} onInput={(event) => (why.value = event.currentTarget.value)}
        onKeyDown={(event) => { if (event.key === "Enter") { event.preventDefault(); void show(); } }} /></label>
      <button type="button" class="btn" disabled={busy.value || !why.value.trim()} onClick={() => void show()}>{t.heldGo}</button>
      {failed.value && <p class="problem" role="alert">{failed.value}</p>}
    </div>
  );
}
