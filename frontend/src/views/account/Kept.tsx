/** What devices keep, on the person's own page: the idle cover of this one, and wiping any of them. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { cover } from "../../store";
import { IDLE_CHOICES } from "../../cover";
import { words } from "../../i18n";
import { moment } from "../../i18n/time";
import { vaultsOfMine, wipeVault, type KeptElsewhere } from "../../keptElsewhere";
import { toast } from "../parts/announce";
import { Problem, Segments } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { lazily } from "../parts/lazy";
import { Sheet } from "../parts/sheet";

const Passkeys = lazily(() => import("./Passkeys").then((part) => part.default), true);

export function Kept() {
  const t = words().kept;
  const unnamed = words().notices.unnamed;
  const mine = useSignal<KeptElsewhere[] | null>(null);
  const asking = useSignal<KeptElsewhere | null>(null);
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const load = () => vaultsOfMine().then((list) => { mine.value = list; error.value = null; }, (why: unknown) => (error.value = why));
  useEffect(() => { void load(); }, []);
  const wipe = (one: KeptElsewhere) => {
    busy.value = true;
    wipeVault(one.vault).then(() => { asking.value = null; toast(t.wiped); return load(); }, (why: unknown) => (error.value = why)).finally(() => (busy.value = false));
  };
  const name = (one: KeptElsewhere) => one.label || unnamed;
  return (
    <section class="me-part" id="kept" aria-labelledby="kept-title"><h2 id="kept-title">{t.title}</h2>
      <p class="label third">{t.intro}</p>
      <div class="input-block"><span class="as-label">{t.cover}</span>
        <Segments label={t.cover} value={String(cover.idle.value)} options={IDLE_CHOICES.map((one) => ({ value: String(one), label: one ? t.after(one) : t.never }))} onPick={(value) => cover.choose(IDLE_CHOICES.find((one) => String(one) === value) ?? 0)} />
        <p class="hint">{t.coverHint}</p>
      </div>
      <Passkeys />
      {mine.value && mine.value.length > 0 && (
        <div class="input-block"><h3 class="as-label">{t.devices}</h3>
          <ul class="devices">{mine.value.map((one) => (
            <li key={one.vault} data-vault={one.vault}>
              <Icon name="lock" />
              <div class="grow"><p>{name(one)}{one.this && <span class="tag accent">{words().notices.thisOne}</span>}</p><p class="meta third">{t.opened(moment(one.opened_at))}</p></div>
              <button type="button" class="link reach" aria-label={t.wipeNamed(name(one))} onClick={() => { error.value = null; asking.value = one; }}>{t.wipe}</button>
            </li>
          ))}</ul>
        </div>
      )}
      {!asking.value && <Problem error={error.value} retry={load} />}
      {asking.value && (
        <Sheet title={t.wipeTitle(name(asking.value))} onClose={() => (asking.value = null)}>
          <div class="col">
            <p>{t.wipeText}</p>
            <Problem error={error.value} />
            <button type="button" class="btn danger tall" disabled={busy.value} onClick={() => wipe(asking.value!)}>{t.wipeNow}</button>
            <button type="button" class="btn tall" onClick={() => (asking.value = null)}>{words().shell.cancel}</button>
          </div>
        </Sheet>
      )}
    </section>
  );
}
