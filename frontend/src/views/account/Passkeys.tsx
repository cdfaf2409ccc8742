/** One's passkeys, on one's own page: adding after the password, and taking away. Loaded with that part of the page. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, confirmPassword } from "../../store";
import { add, mine, possible, remove, type Passkey, type Passkeys as Known } from "../../passkeys";
import { deviceLabel } from "../../device/label";
import { words } from "../../i18n";
import { passkeyWords } from "../../i18n/passkeys";
import { moment } from "../../i18n/time";
import { toast } from "../parts/announce";
import { Problem } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { Sheet } from "../parts/sheet";
import { inWords } from "./passkeyProblem";

export default function Passkeys() {
  const t = passkeyWords();
  const known = useSignal<Known | null>(null);
  const adding = useSignal(false);
  const error = useSignal<unknown>(null);
  const load = () => mine(api).then((found) => { known.value = found; error.value = null; }, (why: unknown) => (error.value = why));
  useEffect(() => { void load(); }, []);
  const drop = (one: Passkey) => { remove(api, one.passkey).then(() => { toast(t.removed); return load(); }, (why: unknown) => (error.value = why)); };
  const why = !possible() ? t.unsupported : known.value?.able === false ? t.unable : null;
  return (
    <div class="input-block"><h3 class="as-label">{t.title}</h3>
      <p class="hint">{t.intro}</p>
      <Problem error={error.value} retry={load} />
      {known.value && known.value.passkeys.length > 0 && <ul class="devices">{known.value.passkeys.map((one) => {
        const name = one.label || t.unnamed;
        return <li key={one.passkey}><Icon name="lock" />
          <div class="grow"><p>{name}</p><p class="meta third">{one.used_at ? t.used(moment(one.used_at)) : t.made(moment(one.made_at))}</p></div>
          <button type="button" class="link reach" aria-label={t.removeNamed(name)} onClick={() => drop(one)}>{t.remove}</button></li>;
      })}</ul>}
      {why ? <p class="meta">{why}</p> : known.value && <div><button type="button" class="btn" onClick={() => (adding.value = true)}>{t.addOne}</button></div>}
      {adding.value && <Adding onClose={() => (adding.value = false)} onDone={() => { adding.value = false; toast(t.added); void load(); }} />}
    </div>
  );
}

function Adding({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const t = passkeyWords();
  const password = useSignal("");
  const label = useSignal(deviceLabel());
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    error.value = null;
    confirmPassword(password.value).then(() => add(api, label.value.trim())).then(onDone, (why: unknown) => (error.value = inWords(why))).finally(() => (busy.value = false));
  };
  return (
    <Sheet title={t.addTitle} onClose={onClose}>
      <form class="col" onSubmit={submit}>
        <p>{t.addText}</p>
        <div class="input-block"><label for="passkey-name">{t.label}</label>
          <input class="input" id="passkey-name" maxLength={60} value={label.value} onInput={(event) => (label.value = event.currentTarget.value)} /></div>
        <div class="input-block"><label for="passkey-password">{words().account.password}</label>
          <input class="input" id="passkey-password" type="password" required autocomplete="current-password" value={password.value} onInput={(event) => (password.value = event.currentTarget.value)} /></div>
        <Problem error={error.value} />
        <button type="submit" class="btn primary tall" disabled={busy.value}>{t.go}</button>
        <button type="button" class="btn tall" onClick={onClose}>{words().shell.cancel}</button>
      </form>
    </Sheet>
  );
}
