/** The console's keys: they act on the item that is shown, never on the one before it. Drawn alone, without a page. */
import { afterEach, expect, it, vi } from "vitest";
import { draw, leave, part } from "./drawn";

let hearKey: (event: unknown) => void = () => undefined;
const read: { item: string; answer: (detail: unknown) => void }[] = [];
vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
vi.stubGlobal("location", { pathname: "/moderation", search: "" });
const body = {};
vi.stubGlobal("document", { body, addEventListener: (name: string, heard: typeof hearKey) => { if (name === "keydown") hearKey = heard; }, removeEventListener: () => undefined });
vi.mock("preact/hooks", () => import("./drawn"));
vi.mock("@preact/signals", async (original) => ({ ...(await original<object>()), useSignal: (await import("./drawn")).useSignal }));
vi.mock("../../src/store", async () => {
  const { signal } = await import("@preact/signals-core");
  return {
    api: {}, hear: () => () => undefined, rooms: signal([]), session: signal({ status: "in", me: { id: "me", roles: [], mod: true, remit: "all" } }),
    specialties: signal(null), connection: signal({ state: "live", unsent: 0 }), clockSkew: signal(0), locale: signal("fr"), Refusal: class extends Error {},
  };
});
const item = (id: string) => ({ item: id, kind: "report", state: "open", urgency: 1, at: `2026-01-0${id}T00:00:00Z`, room: "room", room_title: "", room_kind: "group", categories: [], count: 1, excerpt: "", person: null, claimed_by: null, claimed_until: null, title: { fr: "", en: "" } });
vi.mock("../../src/moderation/door", async (original) => ({
  ...(await original<object>()),
  queue: () => Promise.resolve({ items: ["1", "2"].map(item), next: null, room: "console", claim_s: 600 }),
  watch: () => Promise.resolve({ rooms: [] }),
  detail: (of: string) => new Promise((answer) => read.push({ item: of, answer: () => answer({ item: item(of), message: null, author: null, my_reading: null, decisions: [] }) })),
}));

const { default: Console } = await import("../../src/views/moderation/Console");
const { Decide } = await import("../../src/views/moderation/Detail");
const { Tools } = await import("../../src/views/moderation/Tools");

afterEach(() => { leave(); vi.useRealTimers(); });

it("gives no key to an item that is shown no more", async () => {
  vi.useFakeTimers();
  const Inside = draw(Console, {})!.type as (props: object) => unknown;
  leave();
  const acted: string[] = [];
  /** As it is drawn now; each part that is there takes its keys, as it does when it is drawn. */
  const show = () => {
    const drawn = draw(Inside, {});
    for (const one of [Decide, Tools] as unknown[]) {
      const found = (() => { try { return part(drawn, (type) => type === one); } catch { return null; } })();
      if (found) found["keys"].current = (key: string) => { acted.push(`${key} on ${one === Decide ? found["detail"].item.item : "tools"}`); return one === Decide; };
    }
    return drawn;
  };
  const press = (key: string) => {
    let taken = false;
    hearKey({ key, target: body, preventDefault: () => (taken = true), stopPropagation: () => undefined });
    return taken;
  };
  show();
  await vi.advanceTimersByTimeAsync(1);
  show();
  await vi.advanceTimersByTimeAsync(300);
  read.shift()!.answer(null);
  await vi.advanceTimersByTimeAsync(1);
  show();
  press("o");
  expect(acted).toEqual(["o on 1"]);

  press("j");
  show();
  // Not on the former one, and not the page's own key either ("n" would go to the form of a question).
  expect([press("n"), press("m")]).toEqual([true, true]);
  show();
  expect(press("o")).toBe(true);
  expect(press("[")).toBe(false);
  expect(acted).toEqual(["o on 1"]);

  await vi.advanceTimersByTimeAsync(300);
  expect(read.map((one) => one.item)).toEqual(["2"]);
  read.shift()!.answer(null);
  await vi.advanceTimersByTimeAsync(1);
  show();
  press("n");
  expect(acted).toEqual(["o on 1", "n on 2"]);
});
