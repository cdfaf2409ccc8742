/** Signing out; with text that was not sent, the person says what becomes of it. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { connection, Refusal, session, signOut } from "../../store";
import { words } from "../../i18n";
import { Problem } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { Sheet } from "../parts/sheet";
import { readDraft } from "../ask/draft";
import { navigate } from "../../router";
import { signingOut } from "../layers";
import { releaseDevice, renewDevice } from "../../device/waking";

type Choice = "send" | "keep" | "delete";

export function SignOut() {
  const t = words().account;
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const me = session.value.me?.id ?? "";
  const asking = useSignal(connection.value.unsent > 0 || readDraft(me) !== null).value;
  const unsent = connection.value.unsent + (readDraft(me) ? 1 : 0);
  const close = () => (signingOut.value = false);
  const gone = useRef(false);
  useEffect(() => () => { gone.current = true; }, []);
  const go = (choice: Choice) => {
    busy.value = true;
    error.value = null;
    // This browser is not woken any more; where the signing out fails, it is again.
    releaseDevice().then(async () => {
      // Closed meanwhile, or another's session by now.
      if (gone.current || !(await signOut(choice, () => !gone.current))) return renewDevice();
      close();
      navigate("/", { replace: true });
    }).catch((why: unknown) => { error.value = why; void renewDevice(); }).finally(() => (busy.value = false));
  };
  // Nothing waits: there is nothing to ask. "keep" leaves drafts to the person; "send" would only wait for nothing.
  useEffect(() => { if (!asking) go("keep"); }, []);
  if (!asking && !error.value) return null;
  return (
    <Sheet title={asking ? t.unsentTitle(unsent) : t.signOut} onClose={close}>
      <div class="col">
        {asking && <p>{t.unsentText}</p>}
        {error.value instanceof Refusal && error.value.code === "outbox.not_empty" ? <div class="note confirm" role="alert"><Icon name="alert" /><span>{t.unsentStill}</span></div> : <Problem error={error.value} />}
        {asking ? <>
          {connection.value.unsent > 0 && <button type="button" class="btn primary tall" disabled={busy.value} onClick={() => go("send")}>{t.unsentSend}</button>}
          <button type="button" class="btn tall" disabled={busy.value} onClick={() => go("keep")}>{t.unsentKeep}</button>
          <p class="meta third">{t.unsentKeepHint}</p>
          <button type="button" class="btn danger tall" disabled={busy.value} onClick={() => go("delete")}>{t.unsentDelete}</button>
        </> : <button type="button" class="btn tall" onClick={() => go("keep")}>{words().shell.retry}</button>}
      </div>
    </Sheet>
  );
}
