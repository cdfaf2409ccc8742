/** A person's desk as a whole: what the bar may say, signing out with unsent text, and the next person at the same browser. */
import { signal } from "@preact/signals";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, test } from "vitest";
import { Api } from "../src/api";
import { Desk } from "../src/desk";
import { Account } from "../src/session";
import type { Connection, Me, RoomItem } from "../src/types";
import { RoomServer } from "./roomServer";
import { raw, sealOf } from "./sealing";
import { Channels, LockManager, settle } from "./tabs";
import { FakeWorld } from "./wire";

let factory: IDBFactory, channels: Channels, locks: LockManager, server: RoomServer, calls: string[], doubts: (number | undefined)[];
const me = (id: string): Me => ({
  id, name: `Dr ${id}`, title: "Dr", given_name: id, family_name: id, profession: "10", specialty: "SM15", level: null, as: null, email: `${id}@example.org`, roles: [], verification: "verified", locale: "fr", mod: false,
});
const room = (): RoomItem => ({
  id: "R", kind: "group", title: "Dermatologie", code: "DER", member: true, role: "member", muted: false, head: server.head, read_seq: 2, unread: 1, mentions: 0,
  members: 3, joinable: false, lock: null, moderator_live: false, last: null, case: null,
});

/** The HTTP side: the room's pages, the list, signing out. */
function respond(method: string, path: string): [number, unknown] {
  const url = new URL(path, "http://x");
  const number = (name: string): number | undefined => (url.searchParams.has(name) ? Number(url.searchParams.get(name)) : undefined);
  if (method === "DELETE") return [401, { status: 401, data: {} }];
  if (url.pathname === "/api/v1/rooms") return [200, { rooms: listed(), next: null }];
  if (url.pathname === "/api/v1/rooms/R") return [200, room()];
  if (url.pathname === "/api/v1/rooms/R/events") return [200, { epoch: server.epoch, head: server.head.seq, events: server.events.slice(number("after")) }];
  if (url.pathname.endsWith("/messages")) {
    return [200, server.page({ limit: number("limit") ?? 100, ...(number("before") ? { before: number("before")! } : {}), ...(number("around") ? { around: number("around")! } : {}) })];
  }
  return [404, { code: "room.not_found", message: "x", temporary: false, retry_after_ms: 0 }];
}

/** What comes late: whose path has this in it waits until it is let go. */
let held: { path: string; answer: Promise<unknown> } | null = null;
let listed = (): RoomItem[] => [room()];

interface Place { desk: Desk; world: FakeWorld; connection: { value: Connection }; api: Api }
async function sitDown(id: string): Promise<Place> {
  const place = await stand(id);
  await place.desk.open();
  await place.desk.begin();
  return place;
}
async function stand(id: string, more: Partial<Me> = {}): Promise<Place> {
  const world = new FakeWorld();
  const api = new Api({
    fetch: ((input: string, init?: RequestInit) => {
      calls.push(`${id} ${init?.method ?? "GET"} ${input}`);
      const [status, body] = respond(init?.method ?? "GET", input);
      const answer = new Response(JSON.stringify(body), { status });
      return held && input.includes(held.path) ? held.answer.then(() => answer) : Promise.resolve(answer);
    }) as typeof fetch,
    cookie: () => "csrftoken=t", locale: () => "fr", unauthorized: () => {}, sleep: () => Promise.resolve(), random: () => 0,
  });
  const connection = signal<Connection>({ state: "reconnecting", unsent: 0, since: 0 });
  const desk = new Desk({
    me: { ...me(id), ...more }, seal: await sealOf(id), api, world, database: factory, channel: (name) => channels.make(name), locks, locale: () => "fr", hold: signal(false), connection,
    roomsLoaded: signal<"no" | "cached" | "yes">("no"), skew: signal(0), decided: signal(null), askSession: () => Promise.resolve("in"), doubt: (code) => doubts.push(code),
  });
  return { desk, world, connection, api };
}

/** Hello is answered as this person, and every room named is entered at its head. */
async function connect(place: Place, id: string): Promise<void> {
  place.world.line.welcome({ me: { id, name: id, profession: null, specialty: null, roles: [] } });
  const state = { role: "member", read_seq: 2, unread: 1, mentions: 0, pins: [], lock: null, slow_mode: 0, silenced_until: null, first_seq: 0, present: { count: 1, by_specialty: {}, sample: [] } };
  place.world.line.say({ type: "entered", room: "R", head: server.head, mode: "replay", state });
  await settle();
}

/** Ana has read the room at an earlier start, on this device. */
async function readBefore(): Promise<void> {
  const place = await sitDown("ana");
  place.desk.openRoom("R");
  await connect(place, "ana");
  place.desk.closeRoom("R");
  await settle();
  await place.desk.close();
}

/** Acknowledges what was posted, as the server would, with the event after it. */
async function serve(place: Place, id: string): Promise<number> {
  let n = 0;
  for (let i = 0; i < 6; i++) {
    await settle(5);
    const line = place.world.line;
    for (const frame of line.sent.filter((f) => f["type"] === "message.post" && !f["served"])) {
      frame["served"] = true;
      n++;
      const message = server.post(String(frame["body"]), id, { client_id: String(frame["id"]) });
      line.say({ type: "ok", ref: frame["ref"], seq: server.head.seq, message }, server.events.at(-1)!);
    }
  }
  return n;
}

beforeEach(() => {
  factory = new IDBFactory();
  channels = new Channels();
  locks = new LockManager();
  server = new RoomServer();
  for (const body of ["one", "two", "three"]) server.post(body, "b");
  calls = [];
  doubts = [];
  held = null;
  listed = () => [room()];
});

test("who is not verified yet is asked about once more with the first hello, and not again", async () => {
  const place = await stand("ana", { verification: "pending" });
  await place.desk.open();
  await place.desk.begin();
  await connect(place, "ana");
  expect(doubts).toEqual([undefined]);
  place.world.line.end(1006);
  await place.world.pass(1000);
  await settle();
  expect(place.world.lines.length).toBe(2);
  await connect(place, "ana");
  expect(doubts).toEqual([undefined]);
  await place.desk.close();
});

test("a room of no list is heard by several at once, and followed until the last of them stops", async () => {
  const place = await sitDown("ana");
  const heard: string[][] = [[], []];
  const stops = heard.map((list) => place.desk.hear("R", { events: (events) => void list.push(...events.map((one) => one.kind)), again: () => undefined }));
  await connect(place, "ana");
  for (const [at, body] of ["four", "five", "six"].entries()) {
    if (at) stops[at - 1]!();
    server.post(body, "b");
    place.world.line.say(server.events.at(-1)!);
    await settle();
  }
  expect(heard).toEqual([["message.posted"], ["message.posted", "message.posted"]]);
  await place.desk.close();
});

describe("the bar tells the truth", () => {
  test("live only when hello is answered and every open room has what is known", async () => {
    const place = await sitDown("ana");
    const view = place.desk.openRoom("R");
    expect(place.connection.value.state).toBe("reconnecting");
    place.world.line.welcome({ me: { id: "ana", name: "", profession: null, specialty: null, roles: [] } });
    expect(place.connection.value.state).toBe("catching");
    await connect(place, "ana");
    expect(place.connection.value.state).toBe("live");
    server.post("four", "b");
    place.world.line.say({ type: "heads", rooms: { R: 4 } });
    expect(place.connection.value).toMatchObject({ state: "catching", catchingCount: 1 });
    place.world.line.say(server.events.at(-1)!);
    expect([place.connection.value.state, view.behind.value]).toEqual(["live", false]);
    place.world.online = () => false;
    place.desk.offline();
    expect(place.connection.value.state).toBe("offline");
    await place.desk.close();
  });

  test("a room opens on what is new, counts it, and a sent message keeps one line from typing to the log", async () => {
    const place = await sitDown("ana");
    const view = place.desk.openRoom("R");
    await connect(place, "ana");
    const keys = (): string[] => view.lines.value.map((l) => l.key);
    expect(view.lines.value.map((l) => l.type)).toEqual(["day", "message", "message", "new", "message"]);
    expect(view.newSince.value).toMatchObject({ seq: 2, count: 1 });
    await view.send("mine");
    const unsent = keys().at(-1);
    expect([view.lines.value.at(-1)?.type, place.connection.value.unsent]).toEqual(["unsent", 1]);
    await serve(place, "ana");
    expect([keys().at(-1), view.lines.value.at(-1)?.type, keys().length, place.connection.value.unsent]).toEqual([unsent, "message", 6, 0]);
    view.markRead();
    expect(place.desk.list.get("R")).toMatchObject({ unread: 0, read_seq: 4 });
    // The divider stays until the room is left.
    expect(view.lines.value.some((l) => l.type === "new")).toBe(true);
    await place.desk.close();
  });

  test("a room seen before is drawn from this device, and brought up to date by the socket alone", async () => {
    await readBefore();
    server.add("message.retracted", { message: "m1" });
    calls = [];
    const second = await sitDown("ana");
    const view = second.desk.openRoom("R");
    await settle();
    expect(view.lines.value.filter((l) => l.type === "message")).toHaveLength(3);
    expect(calls.filter((c) => c.includes("/messages"))).toEqual([]);
    second.world.line.welcome({ me: { id: "ana", name: "", profession: null, specialty: null, roles: [] } });
    expect(second.world.line.sent[0]?.["resume"]).toContainEqual({ room: "R", after: { epoch: "E", seq: 3 } });
    await connect(second, "ana");
    second.world.line.say(server.events.at(-1)!);
    expect(JSON.stringify(view.lines.value)).not.toContain('"one"');
    await second.desk.close();
  });
});

test("what a pressed notification is about is asked for before anything is drawn, and once", async () => {
  await readBefore();
  server.post("four", "b");
  calls = [];
  const second = await stand("ana");
  await second.desk.open("R"); // nothing is drawn before
  expect(calls).toEqual(["ana GET /api/v1/rooms/R/events?after=3&limit=200"]);
  const view = second.desk.openRoom("R", 4, true);
  await expect.poll(() => view.lines.value.filter((l) => l.type === "message").length).toBe(4);
  expect(calls).toHaveLength(1);
  await second.desk.close();
});

describe("answers and events that cross", () => {
  test("what came since the list of the last start begins where one had read to, whatever that list said", async () => {
    const none = (): RoomItem => ({ ...room(), read_seq: 3, unread: 0 });
    listed = () => [none()];
    await readBefore();
    for (const body of ["four", "five"]) server.post(body, "b");
    const second = await stand("ana");
    await second.desk.open();
    const view = second.desk.openRoom("R");
    await settle();
    expect([view.lines.value.filter((l) => l.type === "message").length, view.newSince.value]).toEqual([3, null]);
    view.markRead(3);
    second.desk.socket.start();
    const state = { role: "member", read_seq: 3, unread: 2, mentions: 0, pins: [], lock: null, slow_mode: 0, silenced_until: null, first_seq: 0, present: { count: 1, by_specialty: {}, sample: [] } };
    second.world.line.welcome({ me: { id: "ana", name: "", profession: null, specialty: null, roles: [] } });
    second.world.line.say({ type: "entered", room: "R", head: server.head, mode: "replay", state }, ...server.events.slice(3));
    await settle();
    expect(view.newSince.value).toMatchObject({ seq: 3, count: 2 });
    await second.desk.close();
  });

  test("the first page waits for how far one has read, where the list does not say", async () => {
    const place = await stand("ana");
    await place.desk.open();
    held = { path: "/api/v1/rooms/R", answer: new Promise(() => undefined) };
    place.desk.openRoom("R");
    await settle();
    expect(calls).toEqual(["ana GET /api/v1/rooms/R"]);
    await place.desk.close();
  });

  test("a room that came while the list was on its way stays in it", async () => {
    const place = await sitDown("ana");
    await connect(place, "ana");
    let come = (): void => {};
    held = { path: "/api/v1/rooms?", answer: new Promise<void>((done) => (come = done)) };
    const touched = place.desk.touched("R");
    await settle();
    listed = () => [room(), { ...room(), id: "C" }];
    place.desk.list.put({ ...room(), id: "C" });
    held = null;
    come();
    await touched;
    expect(place.desk.list.sorted.value.map((one) => one.id).sort()).toEqual(["C", "R"]);
    await place.desk.close();
  });

  test("a jump whose page does not come moves nobody", async () => {
    const place = await sitDown("ana");
    const view = place.desk.openRoom("R");
    await connect(place, "ana");
    const respondTo = server.page.bind(server);
    server.page = () => { throw new TypeError("no network"); };
    await view.jumpTo(99);
    server.page = respondTo;
    expect(view.jump.value).toBeNull();
    await view.jumpTo(2);
    expect(view.jump.value).toEqual({ seq: 2 });
    await place.desk.close();
  });

  test("words typed before the kept ones were read stand after them", async () => {
    const first = await sitDown("ana");
    first.desk.openRoom("R").draft.value = { body: "kept", replyTo: "m1", mentions: [] };
    await first.desk.close();
    const second = await sitDown("ana");
    const view = second.desk.openRoom("R");
    view.draft.value = { body: "@ben typed", replyTo: null, mentions: [{ person: "ben", start: 0, length: 4 }] };
    await settle();
    expect(view.draft.value).toEqual({ body: "kept\n@ben typed", replyTo: "m1", mentions: [{ person: "ben", start: 5, length: 4 }] });
    await second.desk.close();
  });
});

test("an answer that is cut off, or that holds nobody, is no sign that nobody is signed in", async () => {
  const api = (answer: Response): Api => new Api({
    fetch: () => Promise.resolve(answer), cookie: () => "csrftoken=t", locale: () => "fr", unauthorized: () => {}, sleep: () => Promise.resolve(), random: () => 0,
  });
  const cut = new Response(new ReadableStream({ start: (to) => to.error(new TypeError("network error")) }), { status: 200 });
  await expect(new Account(api(cut)).whoAmI()).rejects.toMatchObject({ temporary: true });
  await expect(new Account(api(new Response("", { status: 200 }))).whoAmI()).rejects.toMatchObject({ code: "network.garbled" });
  expect(await new Account(api(new Response("{}", { status: 401 }))).whoAmI()).toBeNull();
});

describe("persons", () => {
  test("the next person at this browser sees, counts and sends nothing of the one before", async () => {
    const ana = await sitDown("ana");
    const view = ana.desk.openRoom("R");
    await view.send("of ana");
    view.draft.value = { body: "half typed by ana", replyTo: null, mentions: [] };
    await ana.desk.flushDrafts();
    await new Account(ana.api).signOut("keep", ana.desk);
    await ana.desk.close();

    const ben = await sitDown("ben");
    const his = ben.desk.openRoom("R");
    await connect(ben, "ben");
    expect([ben.connection.value.unsent, his.draft.value.body, await serve(ben, "ben")]).toEqual([0, "", 0]);
    expect(await ben.desk.unsentText()).toEqual({ messages: 0, drafts: 0 });
    expect(JSON.stringify(his.lines.value)).not.toContain("of ana");
    await ben.desk.close();

    const again = await sitDown("ana");
    expect(again.connection.value.unsent).toBe(1);
    const hers = again.desk.openRoom("R");
    await connect(again, "ana");
    expect([await serve(again, "ana"), hers.draft.value.body]).toEqual([1, "half typed by ana"]);
    await again.desk.close();
  });

  test("a hello answered as another person sends nothing and asks who it is", async () => {
    const ana = await sitDown("ana");
    await ana.desk.openRoom("R").send("of ana");
    await connect(ana, "ben");
    expect([doubts, ana.world.line.sent.map((f) => f["type"])]).toEqual([[undefined], ["hello"]]);
    await ana.desk.close();
  });

  test("delete leaves nothing of the person's words on this device; keep leaves what is unsent, and no cached room", async () => {
    for (const choice of ["delete", "keep"] as const) {
      factory = new IDBFactory();
      locks = new LockManager();
      const ana = await sitDown("ana");
      const view = ana.desk.openRoom("R");
      await settle();
      await view.send("unsent words");
      view.draft.value = { body: "draft words", replyTo: null, mentions: [] };
      expect(await ana.desk.keepPicture("p1", new Blob(["pixels"]))).toBe(true);
      await new Account(ana.api).signOut(choice, ana.desk);
      await ana.desk.close();
      await settle();
      expect(await raw(factory, "consult-ana"), choice).not.toContain("words");
      const again = await sitDown("ana");
      expect(await again.desk.keptPicture("p1"), "no picture outlives a session").toBeUndefined();
      const found = [again.connection.value.unsent, again.desk.openRoom("R").draft.value.body];
      await settle();
      expect([found[0], again.desk.openRoom("R").draft.value.body], choice).toEqual(choice === "delete" ? [0, ""] : [1, "draft words"]);
      await again.desk.close();
    }
  });

  test("a draft of pictures alone is kept, with those on their way, and forgotten after it says otherwise", async () => {
    const ana = await sitDown("ana");
    const view = ana.desk.openRoom("R");
    await settle();
    await ana.desk.keepPicture("p1", new Blob(["pixels"]));
    view.draft.value = { body: "", replyTo: null, mentions: [], pictures: [{ going: "p1", marks: [] }] };
    await ana.desk.close();
    const again = await sitDown("ana");
    const room = again.desk.openRoom("R");
    await settle();
    expect(room.draft.value.pictures).toEqual([{ going: "p1", marks: [] }]);
    expect(await (await again.desk.keptPicture("p1"))?.text()).toBe("pixels");
    room.draft.value = { body: "", replyTo: null, mentions: [] };
    await again.desk.forgetPictures(["p1"]);
    expect(await again.desk.keptPicture("p1")).toBeUndefined();
    expect(await again.desk.unsentText()).toEqual({ messages: 0, drafts: 0 });
    await again.desk.close();
  });

  test("send waits until all has left; where something failed it says so and nobody is signed out", async () => {
    const ana = await sitDown("ana");
    await ana.desk.openRoom("R").send("last words");
    await connect(ana, "ana");
    const better = new Account(ana.api).signOut("send", ana.desk, () => false);
    expect(await serve(ana, "ana")).toBe(1);
    expect([await better, calls.filter((c) => c.includes("DELETE"))]).toEqual([false, []]);
    await ana.desk.openRoom("R").send("very last words");
    const out = new Account(ana.api).signOut("send", ana.desk);
    expect(await serve(ana, "ana")).toBe(1);
    expect(await out).toBe(true);
    expect(calls.at(-1)).toContain("DELETE");
    calls = [];
    await ana.desk.openRoom("R").send("refused words");
    ana.desk.resume();
    await settle();
    const frame = ana.world.line.sent.findLast((f) => f["type"] === "message.post");
    ana.world.line.say({ type: "refused", ref: frame?.["ref"], code: "room.locked", message: "x", temporary: false, retry_after_ms: 0 });
    await settle();
    await expect(new Account(ana.api).signOut("send", ana.desk)).rejects.toMatchObject({ code: "outbox.not_empty" });
    expect(calls.filter((c) => c.includes("DELETE"))).toEqual([]);
    await ana.desk.close();
  });
});
