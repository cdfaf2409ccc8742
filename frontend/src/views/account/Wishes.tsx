/** What one wants to hear of, when, and whether mail tells it instead; each choice is kept at once. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { words } from "../../i18n";
import { InTurn } from "../../inTurn";
import { wish, wishes, type Wishes } from "../../notices";
import { REASONS, type Reason } from "../../worker/call";
import { Problem, Segments } from "../parts/atoms";

const NIGHT = { quiet_from: "22:00", quiet_to: "07:00" };
const SAID = REASONS.filter((one) => one !== "test");
const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

export function WishesForm() {
  const t = words().notices;
  const held = useSignal<Wishes | null>(null);
  const error = useSignal<unknown>(null);
  const load = () => wishes().then((got) => { held.value = got; error.value = null; }, (why: unknown) => (error.value = why));
  const telling = useMemo(() => new InTurn(), []);
  const last = useRef<Partial<Wishes> | null>(null);
  useEffect(() => { void load(); }, []);
  const it = held.value;
  if (!it) return <Problem error={error.value} retry={load} />;
  const set = (change: Partial<Wishes>) => {
    // Shown at once, told one after the other; the last answer is what holds, and what the server will not have goes back to that.
    held.value = { ...held.value!, ...change };
    last.current = change;
    void telling.run(() => wish(change).then(
      (got) => { error.value = null; if (last.current === change) held.value = got; },
      (why: unknown) => { error.value = why; return wishes().then((got) => void (held.value = got), () => undefined); },
    ));
  };
  const hears = (reason: Reason, on: boolean) => set({ off: on ? it.off.filter((one) => one !== reason) : [...it.off, reason] });
  return (
    <>
      <fieldset class="switches"><legend>{t.hear}</legend>
        {SAID.map((reason) => <Switch label={t[reason as Exclude<Reason, "test">]} on={!it.off.includes(reason)} onPick={(on) => hears(reason, on)} key={reason} />)}
      </fieldset>
      <fieldset><legend>{t.quiet}</legend>
        <Switch label={t.quietOn} on={it.quiet_from !== null} onPick={(on) => set(on ? { ...NIGHT, zone: ownZone() } : { quiet_from: null, quiet_to: null })} />
        {it.quiet_from !== null && <Hours it={it} onSet={set} />}
      </fieldset>
      <div class="input-block"><span class="as-label">{t.digest}</span>
        <Segments label={t.digest} value={it.digest} options={[{ value: "off", label: t.digestOff }, { value: "hourly", label: t.digestHourly }, { value: "daily", label: t.digestDaily }]} onPick={(digest) => set({ digest })} />
        <p class="hint">{t.digestHint}</p>
      </div>
      <Problem error={error.value} retry={load} />
    </>
  );
}

function Hours({ it, onSet }: { it: Wishes; onSet: (change: Partial<Wishes>) => void }) {
  const t = words().notices;
  const zones = useMemo(() => [...new Set([it.zone, ownZone(), ...Intl.supportedValuesOf("timeZone")])].sort(), [it.zone]);
  // The server wants both ends, and they differ: an empty or equal field is still being typed.
  const from = it.quiet_from?.slice(0, 5) ?? "", to = it.quiet_to?.slice(0, 5) ?? "";
  const hours = (quiet_from: string, quiet_to: string) => { if (quiet_from && quiet_to && quiet_from !== quiet_to) onSet({ quiet_from, quiet_to }); };
  return (
    <>
      <div class="hours">
        <div class="input-block"><label for="quiet-from">{t.from}</label><input class="input" type="time" id="quiet-from" value={from} onChange={(event) => hours(event.currentTarget.value, to)} /></div>
        <div class="input-block"><label for="quiet-to">{t.to}</label><input class="input" type="time" id="quiet-to" value={to} onChange={(event) => hours(from, event.currentTarget.value)} /></div>
      </div>
      <div class="input-block"><label for="quiet-zone">{t.zone}</label>
        <select class="input" id="quiet-zone" value={it.zone} onChange={(event) => onSet({ zone: event.currentTarget.value })}>{zones.map((zone) => <option value={zone} key={zone}>{zone.replace(/_/g, " ")}</option>)}</select>
      </div>
      <Switch label={t.urgentPasses} hint={t.urgentHint} on={it.urgent_passes} onPick={(urgent_passes) => onSet({ urgent_passes })} />
    </>
  );
}

function Switch({ label, hint, on, onPick }: { label: string; hint?: string; on: boolean; onPick: (on: boolean) => void }) {
  return (
    <label class="switch"><span>{label}{hint && <span class="meta third block">{hint}</span>}</span>
      <input type="checkbox" role="switch" checked={on} onChange={(event) => onPick(event.currentTarget.checked)} />
    </label>
  );
}
