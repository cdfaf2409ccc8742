/** What stands in the place of everything else while the screen is covered: nothing of it is in the page. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { confirmPassword, Refusal, signOut, uncover } from "../store";
import { releaseDevice } from "../device/waking";
import { words } from "../i18n";
import { Problem } from "./parts/atoms";
import { Icon, Mark } from "./parts/icons";
import { lazily } from "./parts/lazy";
import { Language } from "./account/Language";

const ByPasskey = lazily(() => import("./account/ByPasskey").then((part) => part.default), true);

export function Covered() {
  const t = words().kept;
  const account = words().account;
  const password = useSignal("");
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => { field.current?.focus(); }, []);
  const submit = (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    error.value = null;
    uncover(() => confirmPassword(password.value)).catch((why: unknown) => {
      error.value = why instanceof Refusal && why.code === "account.incorrect_password" ? new Refusal({ code: why.code, message: t.wrongPassword })
        : why instanceof Refusal && why.code.startsWith("network.") ? new Refusal({ code: "cover.offline", message: t.coveredOffline }) : why;
      password.value = "";
      field.current?.focus();
    }).finally(() => (busy.value = false));
  };
  // Whoever stands here may lock it for good, and delete nothing.
  const leave = () => {
    busy.value = true;
    releaseDevice().then(() => signOut("keep")).catch((why: unknown) => (error.value = why)).finally(() => (busy.value = false));
  };
  return (
    <main class="entry-scroll"><div class="entry"><div class="entry-in">
      <div class="entry-top"><span class="brand"><Mark />Consult</span><Language small /></div>
      <form class="card" onSubmit={submit}>
        <h1 class="row"><Icon name="lock" />{t.coveredTitle}</h1>
        <p class="second">{t.coveredText}</p>
        <ByPasskey busy={busy} error={error} />
        <div class="input-block"><label for="uncover">{account.password}</label>
          <input class="input" id="uncover" ref={field} type="password" required autocomplete="current-password" value={password.value} onInput={(event) => (password.value = event.currentTarget.value)} /></div>
        <Problem error={error.value} />
        <button type="submit" class="btn primary tall wide" disabled={busy.value}>{t.uncover}</button>
      </form>
      <p class="list-size">{t.another} <button type="button" class="link under" disabled={busy.value} onClick={leave}>{account.signOut}</button></p>
    </div></div></main>
  );
}
