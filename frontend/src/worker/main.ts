/** The service worker: opens the app without a network, shows what a push woke this device for, and sends what was left unsent. */
import { clicked } from "./clicks";
import { renew } from "./renewal";
import { answer, clean, fetchShell } from "./shell";
import { sendUnsent, TAG } from "./sync";
import { wake } from "./wake";

declare const self: ServiceWorkerGlobalScope;

self.addEventListener("install", (event) => event.waitUntil(fetchShell()));
// The page that installed it had none: from now on it has this one.
self.addEventListener("activate", (event) => event.waitUntil(clean().then(() => self.clients.claim())));
self.addEventListener("fetch", answer);
self.addEventListener("push", (event) => event.waitUntil(wake(event.data)));
self.addEventListener("notificationclick", (event) => event.waitUntil(clicked(event.notification)));
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew()));
// Said by a page whose person wants the new version now, or by the version before at a start with no other window.
self.addEventListener("message", (event) => {
  if ((event.data as { type?: string } | null)?.type === "take") event.waitUntil(self.skipWaiting());
});
// Background Sync, where there is one.
interface SyncEvent extends ExtendableEvent { tag: string }
self.addEventListener("sync" as "activate", (event) => {
  if ((event as SyncEvent).tag === TAG) event.waitUntil(sendUnsent());
});
