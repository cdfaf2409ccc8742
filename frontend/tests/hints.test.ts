/** Hints while writing: no text leaves before the typing rests, nor where no rule hints; what is shown is about the words of now. */
import { describe, expect, test } from "vitest";
import { Hinting, remembered, type Hint } from "../src/moderation/hints";
import { FakeWorld } from "./wire";

const RULE: Hint = { rule: "r", fr: "Produit inconnu", en: "Unknown product" };

class Server {
  readonly world = new FakeWorld();
  any = true;
  looks = 0;
  sent: string[] = [];
  down = false;
  answers: (() => void)[] | null = null;
  readonly hinting = new Hinting({
    hinting: remembered(async () => { this.looks++; return this.any; }, this.world.now), now: this.world.now, after: this.world.after,
    check: (text) => {
      this.sent.push(text);
      if (this.down) return Promise.reject(new Error("no network"));
      const found = text.includes("zorglubol") ? [RULE] : [];
      return this.answers ? new Promise((answer) => this.answers!.push(() => answer(found))) : Promise.resolve(found);
    },
  });
  async rest(ms = 1_000): Promise<void> {
    await this.world.pass(ms);
    for (let i = 0; i < 10; i++) await Promise.resolve();
  }
}

describe("hints", () => {
  test("one question a rest, not one a key", async () => {
    const server = new Server();
    for (const text of ["z", "zo", "zorglubol"]) { server.hinting.write(text); await server.rest(300); }
    expect(server.sent).toEqual([]);
    await server.rest();
    expect([server.sent, server.hinting.said.value]).toEqual([["zorglubol"], [RULE]]);
    server.hinting.write("zorglubol");
    await server.rest();
    expect(server.sent).toHaveLength(1);
  });

  test("where no rule hints no text leaves, and it is looked again a minute later", async () => {
    const server = new Server();
    server.any = false;
    for (const text of ["zorglubol", "zorglubol 2"]) { server.hinting.write(text); await server.rest(); }
    expect([server.sent, server.looks]).toEqual([[], 1]);
    server.any = true;
    await server.rest(60_000);
    server.hinting.write("zorglubol 3");
    await server.rest();
    expect([server.sent, server.looks]).toEqual([["zorglubol 3"], 2]);
  });

  test("an answer about other words than now is not shown; sent, the line goes", async () => {
    const server = new Server();
    server.answers = [];
    server.hinting.write("zorglubol");
    await server.rest();
    server.hinting.write("zorglubol, non");
    server.answers[0]!();
    await server.rest(10);
    expect(server.hinting.said.value).toEqual([]);
    await server.rest();
    server.answers[1]!();
    await server.rest(10);
    expect(server.hinting.said.value).toEqual([RULE]);
    server.hinting.write("");
    expect(server.hinting.said.value).toEqual([]);
  });

  test("a network that fails holds nothing up: the next rest asks again", async () => {
    const server = new Server();
    server.down = true;
    server.hinting.write("zorglubol");
    await server.rest();
    expect(server.hinting.said.value).toEqual([]);
    server.down = false;
    server.hinting.write("zorglubol ");
    await server.rest();
    expect(server.hinting.said.value).toEqual([RULE]);
  });

  test("too long for the server, blank, or closed: nothing is asked", async () => {
    const server = new Server();
    for (const text of ["x".repeat(8_001), "  \n"]) { server.hinting.write(text); await server.rest(); }
    server.hinting.write("zorglubol");
    server.hinting.close();
    await server.rest();
    expect([server.sent, server.looks]).toEqual([[], 0]);
  });
});
