/** Notifications on the person's own page: this device, the others, and what one hears of. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { words } from "../../i18n";
import { moment } from "../../i18n/time";
import { devices, removeDevice, testDevice, type Device } from "../../notices";
import { deviceLabel } from "../../device/label";
import { forgetDevice, lookAtDevice, turnOff, turnOn, waking } from "../../device/waking";
import { toast } from "../parts/announce";
import { Problem } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { WishesForm } from "./Wishes";

export function Notifications() {
  const t = words().notices;
  const mine = useSignal<Device[] | null>(null);
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const load = () => devices().then((list) => { mine.value = list; error.value = null; }, (why: unknown) => (error.value = why));
  const act = (run: () => Promise<unknown>) => () => {
    busy.value = true;
    run().then(load, (why: unknown) => (error.value = why)).finally(() => (busy.value = false));
  };
  useEffect(() => {
    let gone = false; // to another page, or signed out: then nobody is to be asked about
    lookAtDevice().then(() => (gone ? undefined : load()), (why: unknown) => (error.value = why));
    return () => { gone = true; };
  }, []);
  const here = mine.value?.find((one) => one.this);
  const state = waking.value;
  return (
    <section class="me-part" id="notifications" aria-labelledby="notifications-title"><h2 id="notifications-title">{t.title}</h2>
      <p class="label third">{t.intro}</p>
      <ThisDevice busy={busy.value}
        onTurnOn={act(() => turnOn(deviceLabel()))} onTurnOff={act(turnOff)}
        onTest={state === "on" && here ? act(() => testDevice(here.device).then(() => toast(t.tested))) : undefined} />
      <Problem error={error.value} retry={load} />
      {mine.value && (
        <div class="input-block"><h3 class="as-label">{t.devices}</h3>
          {mine.value.length === 0 ? <p class="list-size third">{t.noDevices}</p> : (
            <ul class="devices">{mine.value.map((one) => (
              <li key={one.device}>
                <Icon name={one.courier === "web" ? "bell" : "phone"} />
                <div class="grow"><p>{one.label || t.unnamed}{one.this && <span class="tag accent">{t.thisOne}</span>}</p><p class="meta third">{t.seen(moment(one.seen_at))}</p></div>
                <button type="button" class="link reach" aria-label={t.removeDevice(one.label || t.unnamed)} disabled={busy.value}
                  onClick={act(() => removeDevice(one.device).then(() => (one.this ? forgetDevice() : undefined)).then(() => toast(t.removed)))}>{t.remove}</button>
              </li>
            ))}</ul>
          )}
        </div>
      )}
      <WishesForm />
    </section>
  );
}

function ThisDevice({ busy, onTurnOn, onTurnOff, onTest }: { busy: boolean; onTurnOn: () => void; onTurnOff: () => void; onTest: (() => void) | undefined }) {
  const t = words().notices;
  const state = waking.value;
  if (state === "unknown") return null;
  if (state === "denied" || state === "install" || state === "unsupported" || state === "elsewhere") {
    const why = { denied: t.denied, install: t.apple, unsupported: t.unsupported, elsewhere: t.elsewhere }[state];
    return <div class={`note${state === "denied" ? " confirm" : ""}`} role="status"><Icon name={state === "denied" ? "belloff" : "bell"} /><span>{why}</span></div>;
  }
  return (
    <div class="col" role="group" aria-label={t.here}>
      <div class={`note${state === "on" ? " good" : ""}`} role="status"><Icon name={state === "on" ? "bell" : "belloff"} /><span>{state === "on" ? t.on : t.off}</span></div>
      <div class="row wrap">
        {state === "on" ? <>
          {onTest && <button type="button" class="btn" disabled={busy} onClick={onTest}>{t.test}</button>}
          <button type="button" class="btn" disabled={busy} onClick={onTurnOff}>{t.turnOff}</button>
        </> : <button type="button" class="btn primary" disabled={busy} onClick={onTurnOn}><Icon name="bell" />{t.turnOn}</button>}
      </div>
    </div>
  );
}
