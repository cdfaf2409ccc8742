/** On the cover: a passkey in the place of the password, where this account has one and this browser knows them. Loaded with the cover. */
import { useEffect, useRef } from "preact/hooks";
import { useSignal, type Signal } from "@preact/signals";
import { api, uncover } from "../../store";
import { mine, possible, prove } from "../../passkeys";
import { passkeyWords } from "../../i18n/passkeys";
import { Icon } from "../parts/icons";
import { inWords } from "./passkeyProblem";

export default function ByPasskey({ busy, error }: { busy: Signal<boolean>; error: Signal<unknown> }) {
  const t = passkeyWords();
  const there = useSignal(false);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // Without a network there is the password's field, which says so.
    if (possible()) mine(api).then(({ able, passkeys }) => (there.value = able && passkeys.length > 0), () => undefined);
  }, []);
  useEffect(() => {
    // Who has begun to type their password goes on.
    const typing = document.activeElement instanceof HTMLInputElement && document.activeElement.value;
    if (there.value && !typing) button.current?.focus();
  }, [there.value]);
  if (!there.value) return null;
  const go = () => {
    if (busy.value) return;
    busy.value = true;
    error.value = null;
    uncover(() => prove(api)).catch((why: unknown) => (error.value = inWords(why))).finally(() => (busy.value = false));
  };
  // Not `disabled`: it would lose the focus, and who was refused presses again.
  return (
    <>
      <button type="button" ref={button} class="btn primary tall wide" aria-disabled={busy.value} onClick={go}><Icon name="lock" />{t.by}</button>
      <p class="label third">{t.or}</p>
    </>
  );
}
