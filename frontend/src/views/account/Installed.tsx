/** The app as a thing that is installed: the browser's offer, and a new version that waits. */
import { words } from "../../i18n";
import { install, installable, isApple, isInstalled } from "../../device/install";
import { newVersion, takeNewVersion } from "../../device/worker";
import { Icon } from "../parts/icons";

export function Installed() {
  const t = words().notices;
  const offer = installable.value !== null;
  const apple = isApple() && !isInstalled();
  if (!offer && !apple && !newVersion.value) return null;
  return (
    <section class="me-part"><h2>{t.install}</h2>
      {newVersion.value && <div class="note" role="status"><Icon name="sync" /><span class="grow">{t.newVersion}</span><button type="button" class="link reach" onClick={() => void takeNewVersion()}>{t.takeNow}</button></div>}
      {offer && <><p class="list-size second">{t.installText}</p><div><button type="button" class="btn" onClick={() => void install()}><Icon name="arrowDown" />{t.installNow}</button></div></>}
      {!offer && apple && <p class="list-size second">{t.apple}</p>}
    </section>
  );
}
