/** Notifications on this device: turned on by a press, renewed at each start, gone with the session. */
import { signal, type ReadonlySignal } from "@preact/signals";
import { InTurn } from "../inTurn";
import { Refusal } from "../refusal";
import { devices, pushServices, registerDevice, removeDevice } from "../notices";
import { addressOf, decodeKey, isFor } from "./address";
import { isApple, isInstalled } from "./install";
import { deviceLabel } from "./label";
import { closeAll } from "./shown";
import { registered, tellWorker } from "./worker";

/** "elsewhere": the server sends no web push; "install": an iPhone that has the app only as a page. */
export type Waking = "unknown" | "unsupported" | "install" | "elsewhere" | "denied" | "off" | "on";

const _waking = signal<Waking>("unknown");
export const waking: ReadonlySignal<Waking> = _waking;

const able = (): boolean => "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;

async function subscription(): Promise<PushSubscription | null> {
  return (await (await registered())?.pushManager.getSubscription()) ?? null;
}

let turns = 0;
const inTurn = new InTurn();

/** Turning on, off and renewing, one after the other: halfway, a browser holds a subscription that the server has not heard of. */
function turning(run: () => Promise<void>): Promise<void> {
  turns++;
  return inTurn.run(run);
}

/** What stands here, without asking the person anything. */
export async function lookAtDevice(): Promise<void> {
  for (let before = -1; before !== turns;) {
    await inTurn.settled();
    before = turns;
    const found = await stands();
    if (before === turns) _waking.value = found;
  }
}

async function stands(): Promise<Waking> {
  if (!able()) return isApple() && !isInstalled() ? "install" : "unsupported";
  if (Notification.permission === "denied") return "denied";
  if (!(await pushServices()).web) return "elsewhere";
  return Notification.permission === "granted" && (await subscription()) ? "on" : "off";
}

/** Only ever at a press: that is when a browser lets the question be asked, and when it makes sense. Rejects where the push service does not answer. */
export async function turnOn(label: string): Promise<void> {
  const asked = await Notification.requestPermission();
  if (asked !== "granted") {
    turns++;
    _waking.value = asked === "denied" ? "denied" : "off";
    return;
  }
  await navigator.serviceWorker.ready; // it may not come at all, and nothing else is to wait for it
  await turning(async () => {
    await subscribe(label);
    _waking.value = "on";
  });
}

async function subscribe(label: string): Promise<void> {
  const { web } = await pushServices();
  const made = await navigator.serviceWorker.ready;
  if (!web) return;
  let held = await made.pushManager.getSubscription();
  if (held && !isFor(held, web.key)) {
    await held.unsubscribe();
    held = null;
  }
  held ??= await made.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: decodeKey(web.key) });
  try {
    await registerDevice(addressOf(held), label);
  } catch (error) {
    // Somebody registered this address under keys that are not this browser's: it gets another one.
    if (!(error instanceof Refusal) || error.code !== "device.keys") throw error;
    await held.unsubscribe();
    held = await made.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: decodeKey(web.key) });
    await registerDevice(addressOf(held), label);
  }
  await tellWorker("wanted", true);
}

export function turnOff(): Promise<void> {
  return turning(async () => {
    await release();
    await forget();
  });
}

/** The address may have changed while the app was closed; the server keeps one row an address. */
export async function renewDevice(): Promise<void> {
  try {
    await turning(async () => {
      if (able() && Notification.permission === "granted" && (await subscription())) await subscribe(deviceLabel());
    });
  } catch {
    // No network, or no push service: the next start tries again, and what is registered stays good meanwhile.
  }
}

/** Here alone: the server lets the device go with its session. */
export function forgetDevice(): Promise<void> {
  return turning(forget);
}

async function forget(): Promise<void> {
  if (_waking.value === "on") _waking.value = Notification.permission === "denied" ? "denied" : "off";
  await tellWorker("wanted", false).catch(() => undefined); // no storage, so nothing was noted either
  await (await subscription())?.unsubscribe();
  await closeAll();
}

/** The server's rows of this session: more than one where the browser changed its address and no push has found the old one dead yet. */
async function release(): Promise<void> {
  for (const one of await devices()) if (one.this) await removeDevice(one.device);
}

/** Before the session that could do it ends. */
export async function releaseDevice(): Promise<void> {
  await release().catch(() => undefined); // the end of the session takes it as well
}
