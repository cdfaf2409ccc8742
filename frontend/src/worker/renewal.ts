/** The browser changed this device's push address: the server is told the new one, or the page does it at the next start. */
import { addressOf, decodeKey } from "../device/address";
import { deviceLabel } from "../device/label";
import { noted, openNotes } from "./notes";

declare const self: ServiceWorkerGlobalScope;

interface CookieStore { get(name: string): Promise<{ value: string } | null> }

export async function renew(): Promise<void> {
  const db = await openNotes();
  try {
    // Who turned notifications off, or signed out, does not get them back by this.
    if (!(await noted<boolean>(db, "wanted"))) return;
    const { web } = await json<{ web: { key: string } | null }>("/api/v1/push");
    if (!web) return;
    const subscription = (await self.registration.pushManager.getSubscription())
      ?? (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: decodeKey(web.key) }));
    const token = await csrf();
    if (!token || !(await noted<boolean>(db, "wanted"))) return; // turned off meanwhile
    const body = { id: crypto.randomUUID(), courier: "web", label: deviceLabel(), address: addressOf(subscription) };
    await json("/api/v1/devices", { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": token }, body: JSON.stringify(body) });
  } finally {
    db.close();
  }
}

async function json<T>(url: string, init: RequestInit = {}): Promise<T> {
  const answer = await fetch(url, { ...init, credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return (await answer.json()) as T;
}

/** Not every worker may read cookies; the page, which may, registers at its next start. */
export async function csrf(): Promise<string | null> {
  const store = (self as unknown as { cookieStore?: CookieStore }).cookieStore;
  return (await store?.get("csrftoken"))?.value ?? null;
}
