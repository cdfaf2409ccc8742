/** What of this device follows the app: the worker, its language, the notifications that were read, and the end of a session. */
import { effect } from "@preact/signals";
import { locale, rooms, roomsLoaded, session, whenUnsent } from "../store";
import { startInstall } from "./install";
import { closeRead } from "./shown";
import { forgetDevice, renewDevice } from "./waking";
import { listenToWorker, sendLater, startWorker, tellWorker } from "./worker";

const PAUSE = 700, LATER = 5_000;

export function startDevice(): void {
  startInstall();
  // After the first screen: on a bad network every byte of it comes first. Where there is a worker already, nothing waits for this.
  const pause = navigator.serviceWorker?.controller ? LATER : PAUSE;
  if (document.readyState === "complete") setTimeout(() => void startWorker(), pause);
  else addEventListener("load", () => setTimeout(() => void startWorker(), pause), { once: true });
  listenToWorker();
  whenUnsent(() => void sendLater().catch(() => undefined)); // no Background Sync here, or not allowed: the page sends at its next start

  effect(() => void tellWorker("locale", locale.value).catch(() => undefined)); // no storage: the worker takes the browser's language

  let late: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const items = rooms.value;
    clearTimeout(late); // nor is the next person's badge that of the one before
    if (roomsLoaded.value !== "yes") return;
    late = setTimeout(() => void closeRead(items), PAUSE);
  });

  let before = session.peek().status;
  effect(() => {
    const { status } = session.value;
    if (status === before) return;
    const was = before;
    before = status;
    // Signed out here, elsewhere or by the server: nothing wakes this browser for that person any more.
    if (status === "out") void forgetDevice().catch(() => undefined); // a push service that is away: the server has let the device go
    else if (status === "in" && was !== "unverified") setTimeout(() => void renewDevice(), 5_000);
  });
}
