/** The page's side of the service worker: registers it, tells when a new version is ready, and goes where a notification says. */
import { signal, type ReadonlySignal } from "@preact/signals";
import { navigate, route } from "../router";
import { note, openNotes } from "../worker/notes";

const SCRIPT = "/sw.js";
/** As the worker knows it (worker/sync.ts). */
export const SYNC = "consult-outbox";

interface TrustedTypes { createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string } }

const _newVersion = signal(false);
/** A later version waits; it is taken at the next start, or when the person says so. */
export const newVersion: ReadonlySignal<boolean> = _newVersion;

let registration: ServiceWorkerRegistration | null = null;

export function registered(): Promise<ServiceWorkerRegistration | null> {
  if (registration || !("serviceWorker" in navigator)) return Promise.resolve(registration);
  return navigator.serviceWorker.getRegistration("/").then((found) => found ?? null);
}

/** The page's policy lets only this address be registered. */
function address(): string {
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  const rules = {
    createScriptURL: (url: string): string => {
      if (url !== SCRIPT) throw new TypeError("not the service worker");
      return url;
    },
  };
  return types ? types.createPolicy("consult-worker", rules).createScriptURL(SCRIPT) : SCRIPT;
}

/** From the first moment: the worker may ask before it is registered again. */
export function listenToWorker(): void {
  navigator.serviceWorker?.addEventListener("message", heard);
  navigator.serviceWorker?.startMessages();
}

/** Call once, when the page has drawn something: what the worker fetches must not be in the way of the first screen. */
export async function startWorker(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  try {
    registration = await navigator.serviceWorker.register(address(), { scope: "/", updateViaCache: "none" });
  } catch {
    // Private windows, a policy of the hospital, no network at the very first visit: the app works without, and the next start tries again.
    return;
  }
  const made = registration;
  if (made.waiting) _newVersion.value = true;
  made.addEventListener("updatefound", () => {
    const next = made.installing;
    // The first one is no news: there was none before.
    const first = !made.active;
    next?.addEventListener("statechange", () => {
      if (next.state === "installed" && !first) _newVersion.value = true;
      if (next.state === "redundant") _newVersion.value = !!made.waiting;
    });
  });
}

/** The new version now: only ever at a press. What was typed is kept by the drafts. */
export async function takeNewVersion(): Promise<void> {
  const made = await registered();
  await made?.update().catch(() => undefined); // offline: what is here already is taken
  const next = made?.waiting;
  if (!next) return location.reload();
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  next.postMessage({ type: "take" });
}

/** The worker asks which room is in sight, or sends the page to the one whose notification was pressed. */
function heard(event: MessageEvent<{ type?: string; path?: string }>): void {
  const { type, path } = event.data ?? {};
  const port = event.ports[0];
  if (type === "which room") {
    const here = route.peek();
    port?.postMessage({ room: here.name === "room" ? here.id : null, focused: document.hasFocus() });
  } else if (type === "go" && path?.startsWith("/") && !path.startsWith("//")) {
    navigate(path);
    port?.postMessage({ went: true });
  }
}

/** Tells the worker what it cannot find out when a push wakes it. */
export async function tellWorker(key: "locale" | "wanted", value: unknown): Promise<void> {
  const db = await openNotes();
  try {
    await note(db, key, value);
  } finally {
    db.close();
  }
}

/** The worker is called once there is a network, also when the app is closed by then. Not every browser has that. */
export async function sendLater(): Promise<void> {
  const made = (await registered()) as (ServiceWorkerRegistration & { sync?: { register(tag: string): Promise<void> } }) | null;
  await made?.sync?.register(SYNC);
}
