/** The way back from Pro Santé Connect: signed in, linked, one more question, or why not. Loaded by who comes back. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api, cameIn, Refusal } from "../../store";
import { navigate } from "../../router";
import { address, finish, purposeOf, returned } from "../../proSante";
import { words } from "../../i18n";
import { proSanteWords } from "../../i18n/proSante";
import { toast } from "../parts/announce";
import { Problem } from "../parts/atoms";
import { Mark } from "../parts/icons";
import { Press } from "./ByProSante";
import { Language } from "./Language";

export default function ProSanteReturn({ query }: { query: string }) {
  const t = proSanteWords();
  const what = returned(query);
  const linking = purposeOf(what) === "link";
  const asking = useSignal(false);
  const error = useSignal<unknown>(null);
  const done = () => cameIn().then(() => {
    navigate(linking ? "/me" : "/", { replace: true });
    if (linking) toast(t.nowLinked);
  });
  useEffect(() => {
    history.replaceState(history.state, "", "/sign-in"); // the code is used now, and stays out of the history
    finish(api, what).then(done).catch((why: unknown) => {
      if (why instanceof Refusal && why.code === "psc.email_needed") asking.value = true;
      else error.value = why;
    });
  }, []);
  return (
    <main class="entry-scroll"><div class="entry"><div class="entry-in">
      <div class="entry-top"><span class="brand"><Mark />Consult</span><Language small /></div>
      {asking.value ? <Address onDone={done} /> : error.value ? (
        <section class="card"><h1>{t.signInTitle}</h1>
          <Problem error={error.value} />
          {linking ? <a class="btn tall wide" href="/me">{t.toMe}</a> : <><Press label={t.again} primary /><a class="btn tall wide" href="/sign-in">{t.otherwise}</a></>}
        </section>
      ) : <p role="status">{t.coming}</p>}
    </div></div></main>
  );
}

/** A proven newcomer: the one thing that Pro Santé Connect does not tell. */
function Address({ onDone }: { onDone: () => Promise<void> }) {
  const t = proSanteWords();
  const email = useSignal("");
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const submit = (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    error.value = null;
    address(api, email.value.trim()).then(onDone).catch((why: unknown) => (error.value = why)).finally(() => (busy.value = false));
  };
  return (
    <form class="card" onSubmit={submit}>
      <h1>{t.addressTitle}</h1>
      <p class="second">{t.addressText}</p>
      <div class="input-block"><label for="address">{words().account.email}</label>
        <input class="input" id="address" ref={field} type="email" required autocomplete="email" value={email.value} onInput={(event) => (email.value = event.currentTarget.value)} /></div>
      <Problem error={error.value} />
      <button type="submit" class="btn primary tall wide" disabled={busy.value}>{t.create}</button>
      <a class="btn tall wide" href="/sign-in">{t.otherwise}</a>
    </form>
  );
}
