/** The idle cover: when it comes, and what takes it away. */
import { beforeEach, describe, expect, test } from "vitest";
import { Cover } from "../src/cover";

class Browser {
  kept = new Map<string, string>();
  time = 1_000_000;
  timers: { at: number; run: () => void }[] = [];
  tab(): Cover {
    const cover = new Cover({
      store: { getItem: (key) => this.kept.get(key) ?? null, setItem: (key, value) => void this.kept.set(key, value), removeItem: (key) => void this.kept.delete(key) },
      now: () => this.time,
      after: (ms, run) => {
        const timer = { at: this.time + ms, run };
        this.timers.push(timer);
        return () => { this.timers = this.timers.filter((one) => one !== timer); };
      },
    });
    cover.start();
    return cover;
  }
  pass(minutes: number): void {
    const until = this.time + minutes * 60_000;
    for (;;) {
      const next = this.timers.filter((one) => one.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((one) => one !== next);
      this.time = Math.max(this.time, next.at);
      next.run();
    }
    this.time = until;
  }
}

let browser: Browser;
beforeEach(() => (browser = new Browser()));

describe("the idle cover", () => {
  test("is off until it is chosen", () => {
    const cover = browser.tab();
    browser.pass(600);
    cover.check();
    expect([cover.covered.value, cover.idle.value]).toEqual([false, 0]);
  });

  test("comes after the chosen time without a sign of anyone, and not before", () => {
    const cover = browser.tab();
    cover.choose(5);
    browser.pass(4);
    cover.active();
    browser.pass(4.5);
    expect(cover.covered.value).toBe(false);
    browser.pass(0.6);
    expect(cover.covered.value).toBe(true);
    // Under the cover a key pressed is no proof of anything.
    cover.active();
    expect(cover.covered.value).toBe(true);
  });

  test("outlives a reload, covers a page opened later, and a page that slept finds out by the first touch", () => {
    const first = browser.tab();
    first.choose(1);
    browser.pass(2);
    expect(browser.tab().covered.value).toBe(true);
    first.lift();
    expect(browser.tab().covered.value).toBe(false);
    browser.timers = []; // everything is closed, or asleep
    browser.pass(90);
    expect(browser.tab().covered.value).toBe(true);
    browser.kept.delete("consult.covered");
    first.active();
    expect(first.covered.value).toBe(true);
  });

  test("is in all tabs, kept away by any of them, and gone from all when lifted in one", () => {
    const one = browser.tab(), two = browser.tab();
    one.choose(15);
    two.heard();
    browser.pass(14);
    two.active();
    one.heard();
    browser.pass(14);
    expect([one.covered.value, two.covered.value]).toEqual([false, false]);
    browser.pass(1.1);
    expect([one.covered.value, two.covered.value]).toEqual([true, true]);
    two.lift();
    one.heard();
    expect([one.covered.value, two.covered.value]).toEqual([false, false]);
  });

  test("a clock that was turned back, and a storage that was tampered with, do not keep the screen open for ever", () => {
    const cover = browser.tab();
    cover.choose(1);
    browser.kept.set("consult.active", String(browser.time + 1e9));
    cover.check();
    browser.pass(1.1);
    expect(cover.covered.value).toBe(true);
    cover.lift();
    browser.kept.set("consult.idle", "7");
    expect(browser.tab().idle.value).toBe(0);
    browser.kept.set("consult.idle", "1");
    browser.kept.set("consult.active", "x");
    browser.pass(1.1);
    cover.check();
    expect(cover.covered.value).toBe(true);
  });
});
