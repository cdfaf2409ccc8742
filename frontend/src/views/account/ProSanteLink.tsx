/** Pro Santé Connect on one's own page, and while one waits to be verified: linked, or how to link it. Loaded with that part of the page. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, confirmPassword } from "../../store";
import { leave, offered, type ProSante } from "../../proSante";
import { words } from "../../i18n";
import { proSanteWords } from "../../i18n/proSante";
import { Problem } from "../parts/atoms";
import { Sheet } from "../parts/sheet";
import { inWords } from "./passkeyProblem";

export default function ProSanteLink() {
  const t = proSanteWords();
  const known = useSignal<ProSante | null>(null);
  const asking = useSignal(false);
  useEffect(() => {
    // Where nothing is known of it, nothing is offered.
    offered(api).then((found) => (known.value = found), () => undefined);
  }, []);
  if (!known.value?.on) return null;
  return (
    <div class="input-block" id="pro-sante"><h3 class="as-label">{t.linkTitle}</h3>
      {known.value.linked ? <p>{t.linked}</p> : <><p class="hint">{t.linkText}</p><div><button type="button" class="btn" onClick={() => (asking.value = true)}>{t.linkOne}</button></div></>}
      {asking.value && <Password onClose={() => (asking.value = false)} />}
    </div>
  );
}

function Password({ onClose }: { onClose: () => void }) {
  const t = proSanteWords();
  const password = useSignal("");
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    error.value = null;
    confirmPassword(password.value).then(() => leave(api, "link")).catch((why: unknown) => (error.value = inWords(why))).finally(() => (busy.value = false));
  };
  return (
    <Sheet title={t.linkOne} onClose={onClose}>
      <form class="col" onSubmit={submit}>
        <p>{t.linkFirst}</p>
        <div class="input-block"><label for="pro-sante-password">{words().account.password}</label>
          <input class="input" id="pro-sante-password" type="password" required autocomplete="current-password" value={password.value} onInput={(event) => (password.value = event.currentTarget.value)} /></div>
        <Problem error={error.value} />
        <button type="submit" class="btn primary tall" disabled={busy.value}>{t.go}</button>
        <button type="button" class="btn tall" onClick={onClose}>{words().shell.cancel}</button>
      </form>
    </Sheet>
  );
}
