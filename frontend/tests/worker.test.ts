/** What the service worker decides without a browser: how a push is read, what is news, and that no word of a message can be shown. */
import { IDBFactory } from "fake-indexeddb";
import { describe, expect, it } from "vitest";
import { addressOf, decodeKey } from "../src/device/address";
import { wakingWords } from "../src/i18n/waking";
import { parse } from "../src/router";
import { parseCall, REASONS } from "../src/worker/call";
import { forgetShown, isNews, note, noted, openNotes, ROOMS, wasNotShown } from "../src/worker/notes";

const ROOM = "0b7c2c9e-6c5e-4a53-9f0e-1d2f3a4b5c6d";

describe("a push", () => {
  it("is ids and a reason", () => {
    expect(parseCall(JSON.stringify({ v: 1, room: ROOM, seq: 121, reason: "mention", badge: 3 }))).toEqual({ room: ROOM, seq: 121, reason: "mention", badge: 3 });
  });
  it.each([null, "", "{", "[]", "3", "null", '{"room":7}', '{"room":"../admin","seq":-1,"reason":"__proto__","badge":1.5}', '{"seq":1e400}'])("that is not one says only that there is something: %s", (text) => {
    expect(parseCall(text)).toEqual({ room: null, seq: 0, reason: "message", badge: null });
  });
  it("has words in both languages for every reason, and they differ", () => {
    const fr = wakingWords("fr"), en = wakingWords("en");
    for (const reason of REASONS) expect(fr[reason] && en[reason] && fr[reason] !== en[reason]).toBe(true);
    expect(fr.mention).toBe("On vous cite dans une salle.");
  });
});

describe("what was shown", () => {
  it("is never followed by something older, and one of two at once wins", async () => {
    const db = await openNotes(new IDBFactory());
    expect(await isNews(db, ROOM, 121, 1)).toBe(true);
    expect(await isNews(db, ROOM, 121, 2)).toBe(false);
    expect(await isNews(db, ROOM, 120, 3)).toBe(false);
    expect((await Promise.all([isNews(db, ROOM, 130, 4), isNews(db, ROOM, 130, 4)])).sort()).toEqual([false, true]);
    expect(await isNews(db, "another", 1, 5)).toBe(true);
    await forgetShown(db);
    expect(await isNews(db, ROOM, 1, 6)).toBe(true);
  });
  it("is news again where the browser did not show it, but for what is newer by then", async () => {
    const db = await openNotes(new IDBFactory());
    expect(await isNews(db, ROOM, 121, 1)).toBe(true);
    await wasNotShown(db, ROOM, 121);
    expect(await isNews(db, ROOM, 121, 2)).toBe(true);
    expect(await isNews(db, ROOM, 122, 3)).toBe(true);
    await wasNotShown(db, ROOM, 121);
    expect(await isNews(db, ROOM, 121, 4)).toBe(false);
    await wasNotShown(db, "another", 1);
    expect(await isNews(db, "another", 1, 5)).toBe(true);
  });
  it("holds for a day: a log that began anew from a backup is heard again", async () => {
    const db = await openNotes(new IDBFactory());
    const day = 86_400_000;
    expect(await isNews(db, ROOM, 121, 1)).toBe(true);
    expect(await isNews(db, ROOM, 40, 1 + day)).toBe(false);
    expect(await isNews(db, ROOM, 40, 2 + day)).toBe(true);
    expect(await isNews(db, ROOM, 40, 3 + day)).toBe(false); // and from there on as before
    expect(await isNews(db, ROOM, 41, 4 + day)).toBe(true);
  });
  it("is bounded: the room shown longest ago is forgotten", async () => {
    const db = await openNotes(new IDBFactory());
    for (let at = 0; at < ROOMS + 20; at++) await isNews(db, `room-${at}`, 5, at);
    const held = await new Promise<number>((resolve) => {
      const request = db.transaction("shown").objectStore("shown").count();
      request.onsuccess = () => resolve(request.result);
    });
    expect(held).toBe(ROOMS);
    expect(await isNews(db, "room-0", 5, 9999)).toBe(true);
    expect(await isNews(db, `room-${ROOMS + 19}`, 5, 9999)).toBe(false);
  });
  it("stands beside what the page told", async () => {
    const db = await openNotes(new IDBFactory());
    await note(db, "locale", "en");
    await forgetShown(db);
    expect(await noted(db, "locale")).toBe("en");
  });
});

it("an address of push says when it ends, where the browser knows", () => {
  const made = (expirationTime: number | null): PushSubscription => ({ toJSON: () => ({ endpoint: "https://push.example.org/x", expirationTime, keys: { p256dh: "BK", auth: "AA" } }) }) as unknown as PushSubscription;
  expect(addressOf(made(Date.UTC(2027, 0, 2, 3, 4, 5)))).toEqual({ endpoint: "https://push.example.org/x", p256dh: "BK", auth: "AA", expires_at: "2027-01-02T03:04:05.000Z" });
  expect(addressOf(made(null))).toEqual({ endpoint: "https://push.example.org/x", p256dh: "BK", auth: "AA" });
});

it("an address of a notification is one of the app's: the room, where it stands, and that it is new", () => {
  expect(parse(`/rooms/${ROOM}`, "?at=121&new=1")).toMatchObject({ name: "room", id: ROOM, at: 121, fresh: true });
  expect(parse(`/rooms/${ROOM}`, "?at=121")).toMatchObject({ at: 121, fresh: false });
});

it("reads the server's public key", () => {
  expect([...decodeKey("BP-_AQ")]).toEqual([4, 255, 191, 1]);
});
