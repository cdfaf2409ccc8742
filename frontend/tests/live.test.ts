/** Entering and catching up: the three modes, holes that heal and holes that do not, rooms that are lost. */
import { beforeEach, describe, expect, test } from "vitest";
import { Refusal } from "../src/api";
import { Live } from "../src/live";
import type { Command, EventFrame, Head, HelloOk, Mode, OkFrame, RoomState, ServerFrame } from "../src/protocol";
import { RoomServer } from "./roomServer";
import { FakeWorld } from "./wire";

let world: FakeWorld, live: Live, server: RoomServer, sent: Command[], refuse: Refusal | null, log: string[], pages: number;
const state: RoomState = {
  role: "member", read_seq: 0, unread: 0, mentions: 0, pins: [], lock: null, slow_mode: 0, answers_exempt: false, expert: null, moderators: [], silenced_until: null, silence_reason: null, first_seq: 0,
  present: { count: 0, by_specialty: {}, sample: [] },
} as RoomState;
const entered = (head: Head, mode: Mode, room = "R"): ServerFrame => ({ type: "entered", room, head, mode, state });
const welcome = { personal: { room: "P", head: { epoch: "EP", seq: 3 } } } as HelloOk;
const enters = (): Command[] => sent.filter((c) => c.type === "room.enter");

beforeEach(() => {
  world = new FakeWorld();
  server = new RoomServer();
  for (let i = 0; i < 10; i++) server.post(`${i}`);
  sent = [];
  log = [];
  pages = 0;
  refuse = null;
  live = new Live({
    me: "me", now: world.now, after: world.after,
    socket: {
      limits: null, drop: () => {},
      call: (command) => {
        sent.push(command);
        return refuse ? Promise.reject(refuse) : Promise.resolve({ type: "ok", ref: 1 } as OkFrame);
      },
    },
    events: (_room, after) => {
      pages++;
      return Promise.resolve({ epoch: server.epoch, head: server.head.seq, events: server.events.slice(after, after + 200) });
    },
    happened: (_room, events) => events.forEach((e) => log.push(`${e.seq}`)), personal: (e) => log.push(e.kind),
    entered: () => {}, emptied: () => log.push("emptied"), left: (_room, code) => log.push(code), changed: () => {},
  });
});

function opened(): void {
  live.follow("R", null, true).log.load("replace", server.page({ limit: 100 }));
  live.ready(welcome, true);
}

describe("modes", () => {
  test("replay: what was missed follows, and until then the room is behind", () => {
    opened();
    expect(live.behind()).toBeNull();
    for (let i = 0; i < 3; i++) server.post(`later ${i}`);
    live.take([entered(server.head, "replay")]);
    expect(live.behind()).toBe(3);
    live.take(server.events.slice(10));
    expect([live.behind(), log]).toEqual([0, ["11", "12", "13"]]);
  });

  test("page: every event up to the head is read, live ones wait behind, and the window keeps its place", async () => {
    opened();
    for (let i = 0; i < 450; i++) server.post(`later ${i}`);
    live.take([entered(server.head, "page")]);
    server.post("live");
    live.take([server.events.at(-1)!]);
    expect(live.behind()).toBe(451);
    await world.pass(0);
    await world.pass(0);
    const track = live.tracks.get("R")!;
    expect([track.log.order.tip, live.behind(), pages]).toEqual([461, 0, 3]);
    expect(log.map(Number)).toEqual([...Array(451).keys()].map((i) => i + 11));
    expect(track.log.first?.seq).toBe(1);
  });

  test("page in a room that is only listed moves the cursor and reads nothing", () => {
    live.follow("R", { epoch: "E", seq: 2 });
    live.ready(welcome, true);
    live.take([entered(server.head, "page")]);
    expect([live.tracks.get("R")!.log.order.tip, pages, log]).toEqual([10, 0, []]);
  });

  test("reset: the local copy goes, the newest page is asked for, and live goes on after the head", () => {
    opened();
    const restored = new RoomServer("R", "E2");
    restored.post("new life");
    live.take([entered(restored.head, "reset")]);
    expect([log, live.tracks.get("R")!.log.items.length]).toEqual([["emptied"], 0]);
    restored.post("live");
    live.take([restored.events[1]!]);
    expect(log).toEqual(["emptied", "2"]);
  });

  test("the personal room is entered by hello, and resumed by name on the next", () => {
    live.ready(welcome, true);
    const event = { type: "event", room: "P", epoch: "EP", seq: 4, kind: "room.joined", at: "", actor: null, data: { room: "R" } } as EventFrame;
    live.take([event, event]);
    expect(log).toEqual(["room.joined"]);
    live.lost();
    expect(live.resume([])[0]).toEqual({ room: "P", after: { epoch: "EP", seq: 4 } });
  });

  test("resume names the personal room, then the open ones, then the list as it is sorted, up to the limit", () => {
    live.ready(welcome, true);
    for (const room of ["A", "B", "C"]) live.follow(room, { epoch: "E", seq: 1 });
    live.follow("R", { epoch: "E", seq: 1 }, true);
    expect(live.resume(["C", "A", "B"]).map((r) => r.room)).toEqual(["P", "R", "C", "A", "B"]);
  });
});

describe("while something is under way", () => {
  test("a room whose log is moved after the hello was sent is entered from where it stands", () => {
    live.follow("R", { epoch: "E", seq: 10 });
    live.resume([]);
    live.follow("R", null, true).log.load("replace", server.page({ limit: 100 }, 5));
    live.tracks.get("R")!.log.order.set({ epoch: "E", seq: 5 });
    live.enter("R");
    live.ready(welcome, true);
    expect(enters()).toEqual([{ type: "room.enter", room: "R", after: { epoch: "E", seq: 5 } }]);
  });

  test("what reads for an earlier entry keeps nobody from mending a hole later", async () => {
    live.follow("R", null, true).log.load("replace", server.page({ limit: 100 }));
    server.post("missed");
    const reading = live.catchUp("R");
    live.ready(welcome, true);
    live.take([entered(server.head, "replay")]);
    await reading;
    live.take(server.events.slice(10));
    live.take([{ type: "heads", rooms: { R: 12 } } as ServerFrame]);
    const before = enters().length;
    await world.pass(2500);
    expect(enters().length - before).toBe(1);
  });
});

describe("holes", () => {
  test("one that the server heals in time costs no command", async () => {
    opened();
    live.take([entered(server.head, "replay")]);
    server.post("missing");
    server.post("seen");
    live.take([server.events[11]!]);
    await world.pass(1500);
    live.take([server.events[10]!]);
    await world.pass(10_000);
    expect([enters(), log]).toEqual([[], ["11", "12"]]);
  });

  test("one that stays makes the room enter again, from its cursor; so does a head that heads tells of", async () => {
    opened();
    live.take([entered(server.head, "replay")]);
    server.post("missing");
    live.take([{ type: "heads", rooms: { R: 11, unknown: 5 } }]);
    expect(live.behind()).toBe(1);
    await world.pass(2600);
    expect(enters()).toEqual([{ type: "room.enter", room: "R", after: { epoch: "E", seq: 10 } }]);
    live.take([{ type: "ok", ref: 1, room: "R", head: server.head, mode: "replay", state } as ServerFrame, server.events[10]!]);
    expect([live.behind(), log]).toEqual([0, ["11"]]);
    await world.pass(20_000);
    expect(enters()).toHaveLength(1);
  });

  test("an event of another epoch asks at once", async () => {
    opened();
    live.take([entered(server.head, "replay")]);
    live.take([{ ...server.events[0]!, epoch: "E2", seq: 1 }]);
    await world.pass(0);
    expect(enters()).toHaveLength(1);
  });

  test("nothing begun on an earlier connection acts on a later one", async () => {
    opened();
    for (let i = 0; i < 400; i++) server.post(`${i}`);
    live.take([entered(server.head, "page")]);
    live.lost();
    await world.pass(60_000);
    expect([live.tracks.get("R")!.log.order.tip, enters()]).toEqual([10, []]);
  });
});

test("a room that is lost is forgotten, and so is one that may not be entered", async () => {
  opened();
  live.take([{ type: "left", room: "R", code: "room.removed" }]);
  live.follow("S", null, true);
  refuse = new Refusal({ code: "room.not_found" });
  live.enter("S");
  await world.pass(0);
  expect([log, live.tracks.has("R"), live.tracks.has("S")]).toEqual([["room.removed", "room.not_found"], false, false]);
});

test("a room followed while the hello is on its way is entered when it is answered, and once", () => {
  live.follow("early", null);
  expect(live.resume([]).map((one) => one.room)).toContain("early");
  live.follow("late", null);
  live.enter("late");
  expect(enters()).toEqual([]);
  live.ready(welcome, true);
  expect(enters()).toMatchObject([{ room: "late" }]);
  live.lost();
  live.resume([]);
  live.ready(welcome, true);
  expect(enters()).toHaveLength(1);
});
