/** A push: one notification a room, with the words of its reason and nothing of the message. */
import { wakingWords } from "../i18n/waking";
import { parseCall } from "./call";
import { isNews, noted, openNotes, wasNotShown } from "./notes";
import { windows, shownIn } from "./windows";

declare const self: ServiceWorkerGlobalScope;

export async function wake(data: PushMessageData | null): Promise<void> {
  const call = parseCall(data?.text() ?? null);
  const db = await openNotes();
  try {
    if (call.badge !== null) await setBadge(call.badge);
    // Repeated or overtaken: what stands on the screen for this room, or was taken from it, is newer.
    const test = call.reason === "test"; // asked for by a press, as often as one likes
    if (call.room && !test && !(await isNews(db, call.room, call.seq, Date.now()))) return;
    // Read as it arrives. Browsers ask for a notification only where no window of ours is in sight.
    if (call.room && (await shownIn(await windows(), call.room))) return;
    const lang = (await noted<string>(db, "locale")) ?? self.navigator.language;
    const words = wakingWords(lang.startsWith("en") ? "en" : "fr");
    const options = {
      body: words[call.reason], tag: test ? "test" : (call.room ?? call.reason), renotify: true, lang: lang.slice(0, 2), data: { room: call.room, seq: call.seq, reason: call.reason },
      icon: "/static/icons/icon-192.png", badge: "/static/icons/badge-96.png", requireInteraction: call.reason === "urgent",
    };
    try {
      await self.registration.showNotification("Consult", options as NotificationOptions);
    } catch (error) {
      if (call.room && !test) await wasNotShown(db, call.room, call.seq);
      throw error;
    }
  } finally {
    db.close();
  }
}

async function setBadge(count: number): Promise<void> {
  const { navigator } = self as unknown as { navigator: { setAppBadge?(n: number): Promise<void>; clearAppBadge?(): Promise<void> } };
  // A badge where there is none, or where the app is not installed, is no reason to show nothing.
  await (count > 0 ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.())?.catch(() => undefined);
}
