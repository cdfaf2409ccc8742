/** One room's log: order, holes, repeats, lives of the log, pages in their moment, and words that go. */
import { describe, expect, test } from "vitest";
import type { EventKind } from "../src/protocol";
import { PAGE, RoomLog } from "../src/roomLog";
import { chance, RoomServer, shuffled } from "./roomServer";

const itemsOf = (log: RoomLog) => log.items.map((e) => e.item);

function opened(server: RoomServer, limit = 100, asOf = server.events.length): RoomLog {
  const log = new RoomLog("me");
  expect(log.load("replace", server.page({ limit }, asOf))).toBe("ok");
  return log;
}

describe("order", () => {
  test("events in any order, some twice, give the state that they give in sequence", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = chance(seed), server = new RoomServer();
      for (let i = 0; i < 10; i++) server.happen(random);
      const log = opened(server);
      for (let i = 0; i < 60; i++) server.happen(random);
      const later = server.events.slice(10);
      for (const event of shuffled([...later, ...later.filter(() => random() < 0.3)], random)) log.apply(event);
      expect(log.order.tip, `seed ${seed}`).toBe(70);
      expect(log.order.missing).toBe(0);
      expect(itemsOf(log), `seed ${seed}`).toEqual(server.items(70));
      expect(log.notices().map((n) => n.seq)).toEqual(server.page({ limit: 500 }).notices.map((n) => n.seq));
    }
  });

  test("a hole stops the log until it is filled, and shows", () => {
    const server = new RoomServer();
    server.post("one");
    const log = opened(server);
    for (let i = 0; i < 4; i++) server.post(`more ${i}`);
    const [, second, third, fourth, fifth] = server.events;
    expect(log.apply(third!)).toEqual([]);
    expect(log.apply(fifth!)).toEqual([]);
    expect([log.order.tip, log.order.missing]).toEqual([1, 4]);
    expect(log.apply(second!).map((e) => e.seq)).toEqual([2, 3]);
    expect(log.apply(fourth!).map((e) => e.seq)).toEqual([4, 5]);
    expect(itemsOf(log)).toHaveLength(5);
  });

  test("a replay of what is held has no effect", () => {
    const server = new RoomServer();
    const message = server.post("one");
    server.add("reaction.added", { message, reaction: "agree" }, "b");
    const log = opened(server);
    for (const event of [...server.events, ...server.events]) expect(log.apply(event)).toEqual([]);
    expect(log.find(message)?.reactions.agree).toBe(1);
  });

  test("unknown kinds draw nothing and still advance the cursor", () => {
    const server = new RoomServer();
    server.post("one");
    const log = opened(server);
    log.apply(server.add("image.pointed" as EventKind, {} as never));
    expect(log.order.head).toEqual({ epoch: "E", seq: 2 });
    expect(itemsOf(log)).toHaveLength(1);
  });

  test("another epoch is not taken, and a reset to it leaves nothing of the old one", () => {
    const server = new RoomServer();
    server.post("old");
    const log = opened(server);
    const restored = new RoomServer("R", "E2");
    restored.post("new");
    expect(log.apply(restored.events[0]!)).toEqual([]);
    expect(log.load("replace", restored.page({ limit: 10 }))).toBe("epoch");
    log.reset(restored.head);
    expect([itemsOf(log), log.loaded]).toEqual([[], false]);
    expect(log.load("replace", restored.page({ limit: 10 }))).toBe("ok");
    log.apply({ ...restored.events[0]!, seq: 2 });
    expect(log.order.head).toEqual({ epoch: "E2", seq: 2 });
  });
});

describe("pages", () => {
  test("whenever a page was read and whenever it arrives, the window is as the server has it", () => {
    for (let seed = 1; seed <= 80; seed++) {
      const random = chance(seed), server = new RoomServer();
      for (let i = 0; i < 40; i++) server.happen(random);
      const log = opened(server, 8);
      // The socket is behind the server by some events; pages are read at the server's head.
      for (let step = 0; step < 40; step++) {
        if (random() < 0.6) server.happen(random);
        const next = server.events[log.order.tip];
        if (next && random() < 0.6) log.apply(next);
        if (random() < 0.3 && log.moreBefore) {
          const edge = log.from, page = server.page({ before: edge, limit: 8 });
          for (let i = 0; i < 3 && random() < 0.7; i++) server.happen(random);
          for (let e = server.events[log.order.tip]; e && random() < 0.8; e = server.events[log.order.tip]) log.apply(e);
          expect(log.load("before", page, edge)).toBe("ok");
        }
      }
      for (const event of server.events.slice(log.order.tip)) log.apply(event);
      const first = log.first?.seq ?? 0;
      expect(itemsOf(log), `seed ${seed}`).toEqual(server.items(server.events.length).filter((i) => i.seq >= first));
    }
  });

  test("only later events are applied to what a page gave", () => {
    const server = new RoomServer();
    const message = server.post("one");
    const log = opened(server);
    const reacted = server.add("reaction.added", { message, reaction: "thanks" }, "b");
    const log2 = new RoomLog("me");
    log2.order.set({ epoch: "E", seq: 1 });
    log2.load("replace", server.page({ limit: 10 }));
    log2.apply(reacted);
    log.apply(reacted);
    expect(log.find(message)?.reactions.thanks).toBe(1);
    expect(log2.find(message)?.reactions.thanks).toBe(1);
    expect(log2.order.tip).toBe(2);
  });

  test("a page whose later events are no longer held is asked for again", () => {
    const server = new RoomServer();
    server.post("one");
    const log = new RoomLog("me", false);
    log.order.set({ epoch: "E", seq: 1 });
    const page = server.page({ limit: 10 });
    server.post("two");
    log.apply(server.events[1]!);
    expect(log.load("replace", page)).toBe("stale");
  });

  test("a page before that comes after the window moved is left out", () => {
    const server = new RoomServer();
    for (let i = 0; i < 50; i++) server.post(`${i}`);
    const log = opened(server, 10);
    const edge = log.from, page = server.page({ before: edge, limit: 10 });
    log.load("replace", server.page({ around: 10, limit: 10 }));
    expect(log.load("before", page, edge)).toBe("detached");
  });

  test("the window stays bounded in a room of 10,000 messages, both ways, and finds back to the newest", () => {
    const server = new RoomServer();
    for (let i = 0; i < 10_000; i++) server.post(`${i}`);
    const snapshot = server.items(10_000);
    server.items = (seq) => (seq === 10_000 ? snapshot : RoomServer.prototype.items.call(server, seq));
    const log = opened(server, PAGE);
    for (let i = 0; i < 49; i++) {
      expect(log.load("before", server.page({ before: log.from, limit: PAGE }), log.from)).toBe("ok");
      expect(log.items.length).toBeLessThanOrEqual(5 * PAGE);
    }
    expect([log.first?.seq, log.moreBefore, log.live]).toEqual([1, false, false]);
    server.items = RoomServer.prototype.items;
    log.apply(((server.post("while away"), server.events.at(-1)!)));
    expect(log.below).toBe(10_001 - (log.last?.post_no ?? 0));
    const newest = server.items(10_001);
    server.items = () => newest;
    while (!log.live) expect(log.load("after", server.page({ after: log.to, limit: PAGE }), log.to)).toBe("ok");
    expect(log.last?.body).toBe("while away");
    expect([log.items.length <= 5 * PAGE, log.moreBefore, log.below]).toEqual([true, true, 0]);
    const seqs = log.items.map((e) => e.item.seq);
    expect(seqs).toEqual([...Array(seqs.length).keys()].map((i) => 10_001 - seqs.length + 1 + i));
  });

  test("the page that is kept for the next start is of the moment of the cursor", () => {
    const server = new RoomServer();
    for (let i = 0; i < 5; i++) server.post(`${i}`);
    const log = opened(server);
    log.apply(((server.post("six"), server.events.at(-1)!)));
    const next = new RoomLog("me");
    const page = log.newestPage(3)!;
    next.load("replace", page);
    expect(next.order.head).toEqual({ epoch: "E", seq: 6 });
    expect(itemsOf(next).map((i) => i.body)).toEqual(["3", "4", "six"]);
    expect(next.moreBefore).toBe(true);
    const ahead = new RoomLog("me");
    ahead.order.set({ epoch: "E", seq: 2 });
    ahead.load("replace", server.page({ limit: 10 }));
    expect(ahead.newestPage(3)).toBeNull();
  });
});

describe("words", () => {
  test("what is retracted, hidden or withdrawn has no words from that event on, and an edit does not bring them back", () => {
    for (const kind of ["message.retracted", "message.hidden", "message.withdrawn"] as const) {
      const server = new RoomServer();
      const message = server.post("planted words", "b", { mentions: [{ person: "me", start: 0, length: 3 }] });
      const log = opened(server);
      log.apply(server.add(kind, { message }));
      log.apply(server.add("message.edited", { message, base: 1, body: "planted again", mentions: [], withheld: null }));
      const item = log.find(message);
      expect([item?.body, item?.mentions, item?.withheld]).toEqual([null, null, kind.replace("message.", "")]);
      expect(JSON.stringify([log.items, log.newestPage(10)])).not.toContain("planted");
    }
  });

  test("an answer that is in doubt says so from that event on", () => {
    const server = new RoomServer();
    const message = server.post("Mycose", "b", { form: "answer" });
    const log = opened(server);
    log.apply(server.add("vote.cast", { message, vote: "disagree", doubt: "disputed" }));
    expect(log.find(message)?.doubt).toBe("disputed");
    log.apply(server.add("vote.withdrawn", { message, doubt: null }));
    expect(log.find(message)?.doubt).toBe(null);
    log.apply(server.add("answer.amended", { message, former: 1, accepted: true, doubt: "amended" }));
    expect(log.find(message)?.doubt).toBe("amended");
  });

  test("a replay that shows content as it stands now ends in the newest words", () => {
    const server = new RoomServer();
    server.post("first");
    const log = opened(server);
    const message = server.post("", "b", { body: null, mentions: null, withheld: "superseded" });
    server.add("message.edited", { message, base: 2, body: null, mentions: null, withheld: "superseded" });
    server.add("message.edited", { message, base: 3, body: "as it stands", mentions: [], withheld: null });
    for (const event of server.events.slice(1)) log.apply(event);
    expect(log.find(message)).toMatchObject({ body: "as it stands", withheld: null, edited_seq: 4 });
  });

  test("words that a moderator gives back are asked for, since the event does not carry them", () => {
    const server = new RoomServer();
    const message = server.post("words");
    const log = opened(server);
    log.apply(server.add("message.hidden", { message }));
    log.apply(server.add("message.restored", { message }));
    expect([...log.wanted]).toEqual([message]);
    log.refresh({ ...log.find(message)!, body: "words", withheld: null }, 3);
    expect([log.find(message)?.body, log.wanted.size]).toEqual(["words", 0]);
  });

  test("a quoted message outside the window loses its words too", () => {
    const server = new RoomServer();
    const old = server.post("quoted words");
    for (let i = 0; i < 20; i++) server.post(`${i}`);
    const log = opened(server, 5);
    log.refresh(server.items(21).find((i) => i.message === old)!, 21);
    expect(log.find(old)?.body).toBe("quoted words");
    log.apply(server.add("message.retracted", { message: old }));
    expect(log.find(old)).toMatchObject({ body: null, withheld: "retracted" });
  });

  test("reactions count once each, and mine are mine", () => {
    const server = new RoomServer();
    const message = server.post("one");
    const log = opened(server);
    log.apply(server.add("reaction.added", { message, reaction: "useful" }, "me"));
    log.apply(server.add("reaction.added", { message, reaction: "useful" }, "b"));
    expect(log.find(message)).toMatchObject({ reactions: { useful: 2 }, mine: ["useful"] });
    log.apply(server.add("reaction.removed", { message, reaction: "useful" }, "me"));
    expect(log.find(message)).toMatchObject({ reactions: { useful: 1 }, mine: [] });
  });

  test("a card follows its case", () => {
    const server = new RoomServer();
    const message = server.post("question", "b", { form: "question" });
    const log = opened(server);
    log.apply(server.add("case.opened", { case: "C", message, specialty: "SM15", urgency: "today", status: "open", answers: 0 }));
    log.apply(server.add("case.updated", { case: "C", message, status: "answered", answers: 2 }));
    expect(log.find(message)?.case).toEqual({ room: "C", status: "answered", answers: 2, specialty: "SM15", urgency: "today" });
  });

  test("says up to where the case may have moved: by an act on it, by what happens to a message, by a page", () => {
    const server = new RoomServer();
    const message = server.post("answer", "b", { form: "answer" });
    const log = opened(server);
    expect(log.said).toBe(server.head.seq);
    const read = log.said;
    log.apply(server.add("message.posted", { message: "other", post_no: 2, client_id: "c", body: "x", mentions: [], reply_to: null, images: [], form: "text", withheld: null }));
    log.apply(server.add("reaction.added", { message, reaction: "useful" }));
    expect(log.said).toBe(read);
    log.apply(server.add("vote.cast", { message, vote: "agree", doubt: null }));
    expect(log.said).toBe(read + 3);
    log.apply(server.add("message.edited", { message, base: read, body: "y", mentions: [], withheld: null }));
    expect(log.said).toBe(read + 4);
  });
});
