/** A press on a notification: the window that is open goes to the room, else one is opened there. */
import { ask, windows } from "./windows";

declare const self: ServiceWorkerGlobalScope;

interface Meant { room: string | null; seq: number; reason: string }

export async function clicked(notification: Notification): Promise<void> {
  notification.close();
  const { room, seq, reason } = (notification.data ?? {}) as Partial<Meant>;
  const path = reason === "test" ? "/me" : reason === "called" ? "/moderation" : room ? `/rooms/${room}?at=${seq ?? 0}&new=1` : "/";
  const open = [...(await windows())].sort((a, b) => rank(b) - rank(a));
  for (const window of open) {
    // In the page itself, without a reload: it is live already, and what was typed stays in place.
    const answered = ask<{ went: boolean }>(window, { type: "go", path });
    const focused = window.focus().catch(() => null); // refused where the press was too long ago
    if ((await answered)?.went) return void (await focused);
  }
  await self.clients.openWindow(path);
}

const rank = (window: WindowClient): number => (window.focused ? 2 : 0) + (window.visibilityState === "visible" ? 1 : 0);
