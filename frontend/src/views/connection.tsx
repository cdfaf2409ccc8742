/** The connection bar: it tells the truth, and only when there is something to tell. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { connection, tryAgain } from "../store";
import { takeNewVersion } from "../device/worker";
import { words } from "../i18n";
import { say } from "./parts/announce";
import { Icon } from "./parts/icons";

/** Two seconds of patience: most reconnections are over before anyone would read about them. */
const patience = 2_000;
const spokenAfter = 5_000;

export function ConnectionBar() {
  const t = words().shell;
  const { state, unsent, catchingCount, code, since } = connection.value;
  const late = useSignal(false);
  const down = state !== "live" && state !== "catching";
  useEffect(() => {
    late.value = Date.now() - since >= patience;
    if (late.value || state !== "reconnecting") return;
    const timer = setTimeout(() => (late.value = true), patience - (Date.now() - since));
    return () => clearTimeout(timer);
  }, [state, since]);
  useEffect(() => {
    if (!down) return;
    let told = false;
    const timer = setTimeout(() => { told = true; say(t.connectionLost); }, spokenAfter);
    return () => { clearTimeout(timer); if (told) say(t.connectionBack); };
  }, [down]);

  if (state === "reconnecting" && late.value) return (
    <div class="bar reconnecting" role="status"><Icon name="sync" /><span>{unsent ? t.reconnectingWith(unsent) : t.reconnecting}</span><button type="button" class="link reach" onClick={tryAgain}>{t.retry}</button></div>
  );
  if (state === "offline") return <div class="bar offline" role="status"><Icon name="offline" /><span>{unsent ? t.offlineWith(unsent) : t.offlineBar}</span></div>;
  if (state === "catching") return <div class="bar catching" role="status"><Icon name="sync" /><span>{catchingCount ? t.catchingCount(catchingCount) : t.catching}</span></div>;
  if (state === "stopped") return (
    <div class="bar stopped" role="alert">
      <Icon name="alert" /><span>{code === 4426 ? t.stoppedVersion : code === 4403 ? t.stoppedSuspended : t.stopped}</span>
      {code === 4426 ? <button type="button" class="link reach" onClick={() => void takeNewVersion()}>{t.reload}</button> : <button type="button" class="link reach" onClick={tryAgain}>{t.retry}</button>}
    </div>
  );
  return null;
}

/** In the header, where all is well: a dot and two words. */
export function LiveMark() {
  const t = words().shell;
  const state = connection.value.state;
  return <span><span class={`dot${state === "live" ? "" : " off"}`} />{state === "live" ? t.live : state === "offline" ? t.offline : state === "catching" ? t.catching : t.reconnecting}</span>;
}
