/** The door: signing in, or making an account. */
import { useSignal } from "@preact/signals";
import { session, signIn, signUp, type Profile } from "../../store";
import { words } from "../../i18n";
import { Problem } from "../parts/atoms";
import { Icon, Mark } from "../parts/icons";
import { lazily } from "../parts/lazy";
import { Language } from "./Language";

const ByProSante = lazily(() => import("./ByProSante").then((part) => part.default), true);

export function SignIn() {
  const t = words().account;
  const mode = useSignal<"in" | "up">("in");
  const email = useSignal("");
  const password = useSignal("");
  const given = useSignal("");
  const family = useSignal("");
  const shown = useSignal(false);
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const { endedBy } = session.value;
  const up = mode.value === "up";
  const submit = (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    error.value = null;
    const profile: Profile = { given_name: given.value.trim(), family_name: family.value.trim() };
    (up ? signUp(email.value.trim(), password.value, profile) : signIn(email.value.trim(), password.value))
      .catch((why: unknown) => (error.value = why)).finally(() => (busy.value = false));
  };
  return (
    <main class="entry-scroll"><div class="entry"><div class="entry-in">
      <div class="entry-top"><span class="brand"><Mark />Consult</span><Language small /></div>
      <p class="second">{t.promise}</p>
      {endedBy && <div class="note confirm" role="status"><Icon name="clock" /><span>{endedBy === 4403 ? t.suspended : t.ended}</span></div>}
      <form class="card" onSubmit={submit}>
        <h1>{up ? t.signUp : t.signIn}</h1>
        {up && <div class="two">
          <div class="input-block"><label for="given">{t.given}</label><input class="input" id="given" required autocomplete="given-name" value={given.value} onInput={(event) => (given.value = event.currentTarget.value)} /></div>
          <div class="input-block"><label for="family">{t.family}</label><input class="input" id="family" required autocomplete="family-name" value={family.value} onInput={(event) => (family.value = event.currentTarget.value)} /></div>
        </div>}
        <div class="input-block"><label for="email">{t.email}</label><input class="input" id="email" type="email" required autocomplete="username" value={email.value} onInput={(event) => (email.value = event.currentTarget.value)} /></div>
        <div class="input-block"><label for="password">{t.password}</label>
          <span class="field"><input id="password" type={(shown.value ? "text" : "password") as "password"} required autocomplete={up ? "new-password" : "current-password"} value={password.value} onInput={(event) => (password.value = event.currentTarget.value)} />
            <button type="button" class="icon-btn" aria-label={t.showPassword} aria-pressed={shown.value} onClick={() => (shown.value = !shown.value)}><Icon name="eye" /></button></span>
          {up && <span class="hint">{t.passwordHint}</span>}</div>
        {up && <p class="hint meta third">{t.realName}</p>}
        <Problem error={error.value} />
        <button type="submit" class="btn primary tall wide" disabled={busy.value}>{up ? t.signUp : t.signIn}</button>
      </form>
      <ByProSante />
      <p class="list-size">{up ? t.haveAccount : t.noAccount} <button type="button" class="link under" onClick={() => { mode.value = up ? "in" : "up"; error.value = null; }}>{up ? t.signIn : t.signUp}</button></p>
    </div></div></main>
  );
}
