/** Background Sync: what was not sent when the app was closed leaves over HTTP once there is a network, under the same client ids. */
import { openDatabase } from "../db";
import { UnsentRows, type Unsent } from "../unsent";
import { liveVault, openVaults } from "../vault";
import { csrf } from "./renewal";

/** What the page asks the browser to call the worker for. */
export const TAG = "consult-outbox";

interface Refused { code?: string; message?: string; temporary?: boolean }

/** Rejects where it is worth trying again later: the browser then does. */
export async function sendUnsent(): Promise<void> {
  const vaults = await openVaults();
  // Who signed out, or whose session was ended, has no key here: nothing can be read, nothing is sent.
  const held = await liveVault(vaults).finally(() => vaults.close());
  if (!held) return;
  // The tab that is connected sends by itself, and whoever holds the lock sends alone.
  await navigator.locks.request(`consult-outbox-${held.person}`, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    const db = await openDatabase(held.person);
    const tabs = new BroadcastChannel(`consult-outbox-${held.person}`);
    try {
      await drain(held.person, new UnsentRows(db, held.seal), tabs);
    } finally {
      tabs.close();
      db.close();
    }
  });
}

/** In the order of writing. A room whose message has to wait lets none of its later ones overtake. */
async function drain(person: string, rows: UnsentRows, tabs: BroadcastChannel): Promise<void> {
  const token = await csrf();
  if (!token) return; // a browser that shows a worker no cookie: the page sends at its next start
  const waiting = new Set<string>();
  for (const one of await rows.all()) {
    if (one.failed || waiting.has(one.room)) continue;
    const answer = await post(person, one, token);
    const said = (await answer.json().catch(() => null)) as (Refused & { seq?: number }) | null;
    if (answer.ok && typeof said?.seq === "number") {
      await rows.remove(one.id);
      tabs.postMessage({ type: "acked", id: one.id, seq: said.seq });
    } else if (answer.status === 401 || said?.code === "session.other" || said?.code === "session.csrf") {
      return; // another session by now: the page settles who it is
    } else if (!answer.ok && typeof said?.code === "string" && !said.temporary) {
      await rows.fail(one.id, { code: said.code, message: said.message ?? said.code });
      tabs.postMessage({ type: "changed" });
    } else waiting.add(one.room);
  }
  if (waiting.size) throw new Error("not everything could be sent yet");
}

/** A redirect or a page is a captive portal's, and no answer. */
function post(person: string, { room, id, body, replyTo, mentions, images, confirmed }: Unsent, token: string): Promise<Response> {
  const more = { ...(replyTo ? { reply_to: replyTo } : {}), ...(mentions.length ? { mentions } : {}), ...(images?.length ? { images } : {}), ...(confirmed ? { confirmed } : {}) };
  return fetch(`/api/v1/rooms/${room}/messages`, {
    method: "POST", credentials: "same-origin", cache: "no-store", redirect: "error",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token, "X-Consult-Person": person },
    body: JSON.stringify({ id, body, ...more }),
  });
}
