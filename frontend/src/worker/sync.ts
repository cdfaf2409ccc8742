/** Background Sync: what was not sent when the app was closed leaves over HTTP once there is a network, under the same client ids. */
import { openDatabase } from "../db";
import { lay } from "../pictures/laying";
import type { MarkAdd } from "../protocol";
import { Refusal } from "../refusal";
import { UnsentRows, type Unsent } from "../unsent";
import { liveVault, openVaults } from "../vault";
import { csrf } from "./renewal";

/** What the page asks the browser to call the worker for. */
export const TAG = "consult-outbox";

interface Answer { ok: boolean; said: { seq?: number; message?: string; code?: string; temporary?: boolean } | null; otherSession: boolean }

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
    const { ok, said, otherSession } = await post(person, one.room, "messages", wordsOf(one), token);
    if (ok && typeof said?.seq === "number") {
      // The row stays until its marks are there too, as in the page.
      const laid = lay(one.marks ?? [], one.room, said.message!, (mark) => postMark(person, mark, token)).then(() => true, () => false);
      if (!(await laid)) { waiting.add(one.room); continue; }
      await rows.remove(one.id);
      tabs.postMessage({ type: "acked", id: one.id, seq: said.seq });
    } else if (otherSession) {
      return; // the page settles who it is
    } else if (!ok && typeof said?.code === "string" && !said.temporary) {
      await rows.fail(one.id, { code: said.code, message: said.message ?? said.code });
      tabs.postMessage({ type: "changed" });
    } else waiting.add(one.room);
  }
  if (waiting.size) throw new Error("not everything could be sent yet");
}

const wordsOf = ({ id, body, replyTo, mentions, images, confirmed }: Unsent): object => ({
  id, body, ...(replyTo ? { reply_to: replyTo } : {}), ...(mentions.length ? { mentions } : {}), ...(images?.length ? { images } : {}), ...(confirmed ? { confirmed } : {}),
});

/** Rejects with the refusal; where the server did not give one for this person, with one that is worth another try. */
async function postMark(person: string, { type: _type, room, ...mark }: MarkAdd, token: string): Promise<void> {
  const { ok, said, otherSession } = await post(person, room, "marks", mark, token);
  if (ok && typeof said?.seq === "number") return;
  throw new Refusal(ok || otherSession || !said?.code ? { code: "network.garbled", temporary: true } : { ...said, code: said.code });
}

/** A redirect or a page is a captive portal's, and no answer. */
async function post(person: string, room: string, what: "messages" | "marks", sent: object, token: string): Promise<Answer> {
  const answer = await fetch(`/api/v1/rooms/${room}/${what}`, {
    method: "POST", credentials: "same-origin", cache: "no-store", redirect: "error",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token, "X-Consult-Person": person },
    body: JSON.stringify(sent),
  });
  const said = (await answer.json().catch(() => null)) as Answer["said"];
  return { ok: answer.ok, said, otherSession: answer.status === 401 || said?.code === "session.other" || said?.code === "session.csrf" };
}
