/** What comes late: an answer to a press made twice, to an earlier question, to somebody who has gone on. Each component is drawn alone, without a page. */
import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PersonCard } from "../../src/store";
import { draw, leave, part } from "./drawn";

/** What the doors were asked, in order; each is answered by hand. */
const asked: { what: string; of: unknown; answer: (value: unknown) => void; refuse: (why: unknown) => void }[] = [];
const door = (what: string) => (of?: unknown) => new Promise<never>((answer, refuse) => asked.push({ what, of, answer: answer as (value: unknown) => void, refuse }));
const whats = () => asked.map((one) => one.what);
const went: string[] = [];
let kept: unknown = null;
let hearing: { events(): void; again(): void } | null = null;

vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
vi.stubGlobal("location", { pathname: "/", search: "" });
vi.stubGlobal("document", { getElementById: () => null, querySelector: () => null, addEventListener: () => undefined, removeEventListener: () => undefined });
vi.mock("preact/hooks", () => import("./drawn"));
vi.mock("@preact/signals", async (original) => ({ ...(await original<object>()), useSignal: (await import("./drawn")).useSignal }));
vi.mock("../../src/router", async (original) => {
  const here = (await import("@preact/signals-core")).signal<object>({});
  return { ...(await original<object>()), route: here, navigate: (to: string) => { went.push(to); here.value = {}; } };
});
vi.mock("../../src/store", async () => {
  const { signal } = await import("@preact/signals-core");
  return {
    api: { get: door("get"), post: door("post"), put: (_path: string, of: unknown) => door("put")(of) }, roomTouched: door("touched"), ask: door("ask"), forgetPictures: door("forget"), groups: door("groups"), person: door("person"), people: door("people"), tags: door("tags"),
    searchMessages: door("search"), startConversation: door("talk"), signOut: door("signOut"), members: door("members"), invite: door("invite"), join: door("join"),
    hear: (_room: string, heard: typeof hearing) => { hearing = heard; return () => undefined; },
    keptQuestion: () => kept, keepQuestion: (question: unknown) => { kept = question; },
    rooms: signal([]), session: signal({ status: "in", me: { id: "me", roles: [] } }), specialties: signal(null), connection: signal({ state: "live", unsent: 0 }), clockSkew: signal(0), locale: signal("fr"),
    Refusal: class extends Error {},
  };
});
vi.mock("../../src/cases/finding", () => ({ follows: door("follows"), follow: door("follow") }));
vi.mock("../../src/device/waking", () => ({ releaseDevice: door("release"), renewDevice: door("renew") }));
vi.mock("../../src/views/parts/identifiers", () => ({
  useIdentifiers: () => ({ items: [], blocked: false, ready: door("rules"), check: () => ({ open: false, confirmed: [] }), dismiss: () => undefined, forget: () => undefined }),
  IdentifierNotes: () => null, Marked: () => null,
}));
vi.mock("../../src/pictures/laying", () => ({ lay: () => Promise.resolve() }));

const { usePages } = await import("../../src/views/find/usePages");
const { useFollows } = await import("../../src/views/find/useFollows");
const { followWaiting } = await import("../../src/moderation/waiting");
const { caseSheet, closeLayers, itemsWaiting, moderating, shut, signingOut, switcher } = await import("../../src/views/layers");
const { MentionPicker } = await import("../../src/views/room/MentionPicker");
const { Search } = await import("../../src/views/find/Search");
const { SignOut } = await import("../../src/views/account/SignOut");
const { default: Ask } = await import("../../src/views/ask/Ask");
const { fresh } = await import("../../src/views/ask/draft");
const { Composer } = await import("../../src/views/room/Composer");
const { Viewer } = await import("../../src/views/picture/Viewer");
const { leaveRoom } = await import("../../src/moderation/visit");
const { navigate } = await import("../../src/router");
const { sentOf } = await import("../../src/views/casesheet/acting");
const { useSheet } = await import("../../src/views/casesheet/useSheet");
const { setLevel } = await import("../../src/notices");
const { actOn } = await import("../../src/moderation/reasons");

beforeEach(() => {
  vi.useFakeTimers();
  asked.length = went.length = 0;
  hearing = kept = null;
});
afterEach(() => { leave(); vi.useRealTimers(); });
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const press = (key: string) => ({ key, shiftKey: false, preventDefault: () => undefined, stopPropagation: () => undefined }) as unknown as KeyboardEvent;
const event = { preventDefault: () => undefined } as Event;

describe("a list in pages", () => {
  const open = async () => {
    let found!: ReturnType<typeof usePages<string>>;
    draw(() => { found = usePages<string>((next) => door(next ?? "first")(), "key"); return null; }, {});
    await pass(1);
    asked[0]!.answer({ items: ["a"], next: "two" });
    await pass();
    return found;
  };
  it("takes a page that was asked for twice once", async () => {
    const found = await open();
    found.more();
    found.more();
    for (const one of asked.slice(1)) one.answer({ items: ["b"], next: "three" });
    await pass();
    expect([whats(), found.items.value, found.next.value]).toEqual([["first", "two", "two"], ["a", "b"], "three"]);
  });
  it("takes no page of a list that another has replaced", async () => {
    const found = await open();
    found.more();
    found.items.value = ["x"]; // the list of the next question
    found.next.value = "x2";
    asked[1]!.answer({ items: ["b"], next: null });
    await pass();
    expect([found.items.value, found.next.value]).toEqual([["x"], "x2"]);
  });
});

describe("read again", () => {
  it("what one follows is as it was told last", async () => {
    const see = () => { let seen!: ReturnType<typeof useFollows>; draw(() => { seen = useFollows(); return null; }, {}); return seen; };
    void see().again();
    asked[1]!.answer("new");
    await pass();
    asked[0]!.answer("old");
    await pass();
    expect(see().value).toBe("new");
  });
  it("the number of items waiting is the last one, and asked for once more after the room is heard", async () => {
    const stop = followWaiting();
    asked[0]!.answer({ open: 1, room: "console" });
    await pass(1000);
    hearing!.events();
    await pass(1000);
    expect(asked.length).toBe(3);
    asked[2]!.answer({ open: 3, room: "console" });
    await pass();
    asked[1]!.answer({ open: 2, room: "console" });
    await pass();
    expect(itemsWaiting.value).toBe(3);
    stop();
  });
});

describe("what wakes one of a room", () => {
  it("is told in the order of the choices, also where one is refused", async () => {
    const refused = setLevel("r", "none").catch((why: unknown) => why);
    void setLevel("r", "mentions");
    void setLevel("r", null);
    await pass();
    expect(asked.map((one) => one.of)).toEqual([{ level: "none" }]);
    asked[0]!.refuse("no network");
    await pass();
    expect([await refused, asked.slice(1).map((one) => one.of)]).toEqual(["no network", [{ level: "mentions" }]]);
    asked[1]!.answer({});
    await pass();
    expect(asked.filter((one) => one.what === "put").map((one) => one.of)).toEqual([{ level: "none" }, { level: "mentions" }, { level: null }]);
  });
});

describe("why something of a case is hidden", () => {
  it("is read anew where it was shown again and hidden again", async () => {
    const view = { id: "r", behind: signal(false), said: signal(0) };
    const moves = async (withheld: "hidden" | null) => {
      view.said.value++;
      await pass(1000);
      asked.at(-1)!.answer({ as_of: { seq: view.said.value }, differentials: [{ differential: "d", withheld }], answers: [] });
      await pass();
    };
    const why = async (acts: { act: string; reversed: boolean }[]) => {
      const before = asked.length;
      actOn("r", "d");
      await pass();
      for (const one of asked.slice(before)) one.answer({ acts: acts.map((act) => ({ ...act, kind: "differential.hide", differential: "d" })), more: false });
      await pass();
      return actOn("r", "d")?.act;
    };
    draw(() => { useSheet(view as never); return null; }, {});
    await moves("hidden");
    expect(await why([{ act: "first", reversed: false }])).toBe("first");
    await moves(null);
    expect(await why([{ act: "first", reversed: true }])).toBe(undefined);
    await moves("hidden");
    expect(await why([{ act: "second", reversed: false }, { act: "first", reversed: true }])).toBe("second");
    expect(asked.length, "and no more often").toBe(6);
    await why([]);
    expect(asked.length).toBe(6);
  });
});

describe("layers", () => {
  it("an answer closes its own layer alone", () => {
    const first = { kind: "appeal", act: "a" } as const, second = { kind: "mine" } as const;
    moderating.value = second;
    expect([shut(first), moderating.value]).toEqual([false, second]);
    expect([shut(second), moderating.value]).toEqual([true, null]);
  });
  it("none outlives the person", () => {
    signingOut.value = switcher.value = caseSheet.value = true;
    moderating.value = { kind: "mine" };
    closeLayers();
    expect([signingOut.value, switcher.value, caseSheet.value, moderating.value]).toEqual([false, false, false, null]);
  });
  it("signing out ends with its sheet", async () => {
    draw(SignOut, {});
    expect(whats()).toEqual(["release"]);
    leave();
    asked[0]!.answer(undefined);
    await pass();
    expect(whats()).toEqual(["release", "renew"]);
  });
});

describe("the picker of people", () => {
  const person = (name: string) => ({ id: name, name, profession: null, specialty: null }) as unknown as PersonCard;
  it("picks by key from the answer to what is typed, not from an earlier one", async () => {
    const keys = { current: null as ((event: KeyboardEvent) => boolean) | null }, picked: string[] = [];
    const show = (query: string) => draw(MentionPicker, { query, keys, onPick: (one) => void picked.push(one.id), onClose: () => undefined });
    show("mar");
    await pass(130);
    asked[0]!.answer({ items: [person("Martin")] });
    await pass();
    show("mar");
    show("marie");
    expect([keys.current!(press("Enter")), picked]).toEqual([true, []]);
    await pass(130);
    asked[1]!.answer({ items: [person("Marie")] });
    await pass();
    show("marie");
    expect([keys.current!(press("Enter")), picked]).toEqual([true, ["Marie"]]);
  });
});

describe("the field of the search", () => {
  const typed = (drawn: unknown) => part(drawn, (type) => type === "input");
  const show = (q: string) => typed(draw(Search, { q, room: null, tag: null }));
  it("keeps what is typed while it goes to what was typed before", async () => {
    show("")["onInput"]({ currentTarget: { value: "acné " } });
    await pass(260);
    expect(went).toEqual(["/search?q=acn%C3%A9"]);
    show("")["onInput"]({ currentTarget: { value: "acné k" } });
    show("acné");
    expect(show("acné")["value"]).toBe("acné k");
    await pass(260);
    show("acné k");
    show("bulle"); // by a link
    expect(show("bulle")["value"]).toBe("bulle");
  });
  it("does not come back after one has left it", async () => {
    show("")["onInput"]({ currentTarget: { value: "acné" } });
    leave();
    await pass(1000);
    expect(went).toEqual([]);
  });
});

describe("asking", () => {
  const begin = { ...fresh(), question: "Arrêter la gliptine ?", audience: "people" as const, people: [{ id: "p1", name: "Un" } as PersonCard] };
  const show = (to: string | null = null) => draw(Ask, { group: null, to });
  const form = (drawn: unknown) => part(drawn, (type) => type === "form");
  const readers = (drawn: unknown) => part(drawn, (_, props) => props["listed"] && props["onPut"]);
  const texts = (drawn: unknown) => part(drawn, (_, props) => props["name"] === "question");
  const of = (what: string) => asked.filter((one) => one.what === what);
  beforeEach(() => { kept = begin; });

  it("sends to nobody else than those one saw at the press", async () => {
    void form(show())["onSubmit"](event);
    readers(show())["onPut"]({ people: [] });
    for (const one of of("rules")) one.answer(undefined);
    await pass();
    expect(of("ask")).toEqual([]);
  });
  it("is not stopped by an answer that changes nothing", async () => {
    void form(show())["onSubmit"](event);
    of("groups")[0]!.answer([]);
    await pass();
    of("rules")[0]!.answer(undefined);
    await pass();
    expect(of("ask").length).toBe(1);
  });
  it("leaves readers chosen meanwhile alone when the one asked for comes", async () => {
    readers(show("p2"))["onPut"]({ audience: "all" });
    of("person")[0]!.answer({ id: "p2", name: "Deux" });
    await pass();
    expect(kept).toMatchObject({ audience: "all", people: [{ id: "p1" }] });
  });
  it("writes nothing to whose desk is here after it was left", async () => {
    show("p2");
    leave();
    kept = null;
    of("person")[0]!.answer({ id: "p2", name: "Deux" });
    of("groups")[0]!.answer([]);
    await pass();
    expect(kept).toBeNull();
  });
  it("keeps what is typed while it is sent, where that fails", async () => {
    void form(show())["onSubmit"](event);
    of("rules")[0]!.answer(undefined);
    await pass();
    texts(show())["onText"]("Arrêter la gliptine, ou attendre ?");
    of("ask")[0]!.refuse(new Error("no"));
    await pass();
    expect(kept).toMatchObject({ question: "Arrêter la gliptine, ou attendre ?" });
  });
  it("posted after one has gone on takes nobody along, and forgets its draft alone", async () => {
    void form(show())["onSubmit"](event);
    of("rules")[0]!.answer(undefined);
    await pass();
    leave();
    const other = (kept = { ...begin, id: "another" });
    of("ask")[0]!.answer({ room: "r", message: "m" });
    await pass();
    expect([went, kept]).toEqual([[], other]);
  });
});

describe("an edit that is refused", () => {
  const line = { type: "message", own: true, item: { message: "m", body: "Dose : 10 mg", mentions: [] } } as never;
  const make = () => {
    const view = {
      id: "r", draft: signal({ body: "", replyTo: null, mentions: [] }), lines: signal([]), state: signal(null), item: signal({ id: "r", kind: "group", member: true }), typed: () => undefined, edit: door("edit"), send: door("send"),
    };
    const handle = { current: null as { edit(line: never): void } | null };
    const show = () => draw(Composer, { view, handle, onSent: () => undefined } as never);
    const field = () => part(show(), (type) => type === "textarea");
    const write = (value: string) => field()["onInput"]({ currentTarget: { value, selectionStart: value.length } });
    const save = async () => {
      field()["onKeyDown"]({ ...press("Enter"), key: "Enter", isComposing: false });
      asked.find((one) => one.what === "rules")!.answer(undefined);
      await pass();
    };
    const refuse = async () => { asked.find((one) => one.what === "edit")!.refuse(new Error("no")); await pass(); };
    show();
    handle.current!.edit(line);
    return { view, show, field, write, save, refuse };
  };
  it("comes back into the field", async () => {
    const { field, write, save, refuse } = make();
    write("Dose : 20 mg");
    await save();
    await refuse();
    expect(field()["value"]).toBe("Dose : 20 mg");
  });
  it("leaves the field to what is being typed by then, and waits beside it", async () => {
    const { view, show, field, write, save, refuse } = make();
    write("Dose : 20 mg");
    await save();
    write("Matin et");
    await refuse();
    expect(field()["value"]).toBe("Matin et");
    const again = part(show(), (_, props) => props["retry"] && props["error"])["retry"];
    expect(again).toBeTypeOf("function");
    expect(view.draft.value.body).toBe("Matin et");
  });
});

describe("a moderator who leaves a room", () => {
  const view = { id: "r", item: signal({ id: "r", kind: "group", member: false }) } as never;
  it("goes to the console, which they can read", async () => {
    leaveRoom(view);
    asked[0]!.answer({});
    await pass();
    expect(went).toEqual(["/moderation"]);
  });
  it("stays where they have gone meanwhile", async () => {
    leaveRoom(view);
    navigate("/rooms/another");
    asked[0]!.answer({});
    await pass();
    expect(went).toEqual(["/rooms/another"]);
  });
});

describe("words sent", () => {
  it("empty their field, unless it says something else by now", () => {
    const field = signal("un");
    expect([sentOf(field, "un"), field.value]).toEqual([true, ""]);
    field.value = "deux";
    expect([sentOf(field, "un"), field.value]).toEqual([false, "deux"]);
  });
});

describe("a mark that is being kept", () => {
  const mark = { kind: "number", at: { x: 0, y: 0 }, n: 1 } as const, next = { kind: "number", at: { x: 1, y: 1 }, n: 2 } as const;
  const show = () => {
    const drawn = draw(Viewer, { pictures: [{ id: "p", src: "", alt: "" }], first: 0, kept: () => [], pointers: () => [], point: () => undefined, keep: door("keep"), unkeep: door("unkeep"), onClose: () => undefined });
    return { looked: part(drawn, (_, props) => props["loose"]), keep: (key = press("k")) => part(drawn, (_, props) => props["class"] === "picture-viewer")["onKeyDown"](key) };
  };
  it("is kept once, is drawn meanwhile, and takes no later one with it", async () => {
    const { looked, keep } = show();
    looked["loose"].value = mark;
    keep();
    keep();
    expect([whats(), show().looked["marks"], show().looked["count"]]).toEqual([["keep"], [mark], 1]);
    looked["loose"].value = next;
    asked[0]!.answer(undefined);
    await pass();
    expect([looked["loose"].value, show().looked["marks"]]).toEqual([next, []]);
  });
  it("is loose again where it is refused", async () => {
    const { looked, keep } = show();
    looked["loose"].value = mark;
    keep();
    asked[0]!.refuse(new Error("no"));
    await pass();
    expect([looked["loose"].value, show().looked["marks"]]).toEqual([mark, []]);
  });
});
