/** The socket: hello and resume, answers, close codes, how long it waits, and when it asks whether the session lives. */
import { beforeEach, describe, expect, test } from "vitest";
import { Refusal } from "../src/api";
import type { ServerFrame } from "../src/protocol";
import { backoff, Socket, STOP, type SocketState } from "../src/socket";
import { FakeWorld } from "./wire";

let world: FakeWorld, states: SocketState[], got: ServerFrame[], asked: number, answer: "in" | "out" | "unknown", right: boolean;
let resume: { room: string; after: { epoch: string; seq: number } | null }[];
let socket: Socket;
beforeEach(() => {
  world = new FakeWorld();
  states = [];
  got = [];
  asked = 0;
  answer = "in";
  right = true;
  resume = [{ room: "R", after: { epoch: "E", seq: 118 } }, { room: "S", after: null }];
  socket = new Socket({
    world, hello: () => ({ locale: "fr", resume }), ready: () => right, frames: (f) => got.push(...f), state: (s) => states.push(s),
    askSession: () => Promise.resolve((asked++, answer)),
  });
});

describe("hello", () => {
  test("is the first frame, with the cursors of what was entered; a later connection resumes from later ones", async () => {
    socket.start();
    world.line.welcome();
    expect(world.line.sent[0]).toMatchObject({ type: "hello", protocols: [1], locale: "fr", resume });
    expect(socket.state.is).toBe("ready");
    resume = [{ room: "R", after: { epoch: "E", seq: 130 } }];
    world.line.end(1006);
    await world.pass(500);
    world.line.open();
    expect(world.line.sent[0]).toMatchObject({ type: "hello", resume });
  });

  test("a cursor that the server finds malformed does not lock the person out", () => {
    socket.start();
    world.line.open();
    world.line.say({ type: "refused", ref: world.line.last["ref"], code: "frame.invalid", message: "x", temporary: false, retry_after_ms: 0 });
    expect(world.line.last["type"]).toBe("hello");
    expect(world.line.last).not.toHaveProperty("resume");
  });

  test("another person's answer ends the connection before anything leaves", () => {
    right = false;
    socket.start();
    world.line.welcome();
    expect([socket.state.is, world.line.shut, world.line.sent.length]).toEqual(["idle", true, 1]);
  });

  test("three connections that never reached hello, then the session is asked for", async () => {
    world.dice = 0.999;
    socket.start();
    for (let i = 0; i < 3; i++) {
      expect(asked).toBe(0);
      world.line.end(1006);
      await world.pass(4000);
    }
    expect([asked, world.lines.length]).toEqual([1, 4]);
    answer = "out";
    world.line.end(1006);
    await world.pass(31_000);
    expect(socket.state).toEqual({ is: "stopped", code: 4401 });
    expect(world.lines).toHaveLength(4);
  });

  test("no answer to hello ends in another try", async () => {
    socket.start();
    world.line.open();
    await world.pass(20_000);
    expect(world.lines.length).toBeGreaterThan(1);
  });
});

describe("answers", () => {
  test("come as promises, by ref, in any order, also in one array", async () => {
    socket.start();
    world.line.welcome();
    const first = socket.call({ type: "ping" }), second = socket.call({ type: "room.leave", room: "R" });
    const [a, b] = world.line.sent.slice(1).map((f) => f["ref"]);
    expect(a).not.toBe(b);
    world.line.say({ type: "refused", ref: b, code: "room.not_found", message: "m", temporary: false, retry_after_ms: 0 }, { type: "ok", ref: a });
    await expect(first).resolves.toMatchObject({ ref: a });
    await expect(second).rejects.toMatchObject({ code: "room.not_found", temporary: false });
  });

  test("what waits when the connection ends is refused as lost, not as a no", async () => {
    socket.start();
    world.line.welcome();
    const call = socket.call({ type: "message.post", room: "R", id: "i", body: "b" });
    world.line.end(4004);
    await expect(call).rejects.toMatchObject({ code: "network.lost", temporary: true });
    await expect(socket.call({ type: "ping" })).rejects.toBeInstanceOf(Refusal);
  });

  test("frames are handed on in order, and nothing after the end", () => {
    socket.start();
    world.line.welcome();
    const line = world.line;
    line.say({ type: "heads", rooms: {} }, { type: "left", room: "R", code: "room.removed" });
    line.onmessage?.({ data: "{not json" });
    const hear = line.onmessage;
    line.end(1006);
    hear?.({ data: JSON.stringify({ type: "heads", rooms: { R: 1 } }) });
    expect(got.map((f) => f.type)).toEqual(["heads", "left"]);
  });

  test("commands stay below the limits that hello told, in their order", async () => {
    socket.start();
    world.line.welcome();
    const line = world.line;
    for (let i = 0; i < 100; i++) socket.call({ type: "read.mark", room: "R", seq: i }).catch(() => undefined);
    expect(line.sent.length - 1).toBe(36);
    await world.pass(1000);
    expect(line.sent.length - 1).toBeLessThanOrEqual(36 + 20);
    await world.pass(4000);
    expect(line.sent.slice(1).map((f) => f["seq"])).toEqual([...Array(100).keys()]);
  });
});

describe("coming back", () => {
  test("full jitter: anywhere from zero to the bound, doubling up to 30 s", () => {
    for (const [n, bound] of [[0, 500], [1, 1000], [2, 2000], [5, 16_000], [6, 30_000], [40, 30_000]] as const) {
      expect([backoff(n, () => 0), backoff(n, () => 1)]).toEqual([0, bound]);
    }
  });

  test("the bound grows with each failure, and falls only 30 s after hello", async () => {
    world.dice = 1;
    socket.start();
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      world.line.welcome();
      world.line.end(1006);
      const before = world.time, n = world.lines.length;
      while (world.lines.length === n) await world.pass(100);
      waits.push(world.time - before);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000]);
    world.line.welcome();
    // The server's heads keep it alive.
    for (let i = 0; i < 4; i++) {
      await world.pass(10_000);
      world.line.say({ type: "heads", rooms: {} });
    }
    const n = world.lines.length;
    world.line.end(1012);
    await world.pass(500);
    expect(world.lines.length).toBe(n + 1);
  });

  test.each([4001, 4002, 4003, 4004, 4005, 4006, 4007, 1000, 1001, 1006, 1011, 1012, 1013, 4999])("%i reconnects", async (code) => {
    socket.start();
    world.line.welcome();
    world.line.end(code);
    expect(socket.state.is).toBe("waiting");
    await world.pass(500);
    expect(world.lines).toHaveLength(2);
  });

  test.each([...STOP])("%i stops and says so; a person may try again", async (code) => {
    socket.start();
    world.line.welcome();
    world.line.end(code);
    await world.pass(120_000);
    expect([socket.state, world.lines.length]).toEqual([{ is: "stopped", code }, 1]);
    socket.tryNow();
    expect(world.lines).toHaveLength(2);
  });

  test("after a flood, no sooner than the server said, not even when asked to hurry", async () => {
    world.dice = 0;
    socket.start();
    world.line.welcome();
    world.line.say({ type: "refused", ref: null, code: "frame.flood", message: "m", temporary: true, retry_after_ms: 7000 });
    world.line.end(4429);
    socket.tryNow();
    await world.pass(6900);
    expect(world.lines).toHaveLength(1);
    await world.pass(200);
    expect(world.lines).toHaveLength(2);
  });

  test("`reconnect`: stays until the delay is over, then moves without more waiting", async () => {
    socket.start();
    world.line.welcome();
    const line = world.line;
    line.say({ type: "reconnect", after_ms: 1800 });
    await world.pass(1700);
    expect([world.lines.length, line.shut]).toEqual([1, false]);
    await world.pass(200);
    expect([world.lines.length, line.shut]).toEqual([2, true]);
  });

  test("`reconnect`, and the node closes sooner: still no sooner than the delay", async () => {
    world.dice = 0;
    socket.start();
    world.line.welcome();
    world.line.say({ type: "reconnect", after_ms: 1800 });
    world.line.end(4001);
    await world.pass(1700);
    expect(world.lines).toHaveLength(1);
    await world.pass(150);
    expect(world.lines).toHaveLength(2);
  });

  test("silence for two heartbeats ends the connection; heads keep it", async () => {
    socket.start();
    world.line.welcome();
    for (let i = 0; i < 5; i++) {
      await world.pass(25_000);
      world.line.say({ type: "heads", rooms: {} });
    }
    expect(world.lines).toHaveLength(1);
    await world.pass(60_000);
    expect(world.lines[0]?.shut).toBe(true);
    expect(world.lines.length).toBeGreaterThan(1);
  });

  test("the network is back, or the page is looked at again: at once", async () => {
    world.dice = 1;
    socket.start();
    for (let i = 0; i < 2; i++) {
      world.line.end(1006);
      await world.pass(1500);
    }
    world.line.end(1006);
    const n = world.lines.length;
    socket.tryNow();
    await world.pass(1);
    expect(world.lines).toHaveLength(n + 1);
    world.line.welcome();
    // Asleep for an hour: the timers stood still, the connection is dead.
    world.time += 3_600_000;
    socket.woken();
    expect(socket.state.is).toBe("waiting");
  });

  test("a page that wakes up asks whether its connection lives, and lets go of one that does not answer", async () => {
    socket.start();
    world.line.welcome();
    await world.pass(20_000);
    socket.woken();
    expect(world.line.last["type"]).toBe("ping");
    await world.pass(5100);
    expect(world.lines[0]?.shut).toBe(true);
  });
});
