/** The whole app: the door, the waiting page, or the places round a room. */
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { closeRoom, cover, locale, openRoom, lastDecided, session, type RoomView } from "../store";
import { words } from "../i18n";
import { navigate, route } from "../router";
import { newVersion } from "../device/worker";
import { Announcer, hush, toast } from "./parts/announce";
import { lazily } from "./parts/lazy";
import { Empty, Skeletons } from "./parts/atoms";
import { Icon, Mark } from "./parts/icons";
import { Sheet } from "./parts/sheet";
import { SignIn } from "./account/SignIn";
import { SignOut } from "./account/SignOut";
import { ConnectionBar } from "./connection";
import { Covered } from "./Covered";
import { Switcher } from "./find/Switcher";
import { KeyMap, startKeys } from "./keys";
import { closeLayers, keyMap, listDrawer, moderating, signingOut, switcher } from "./layers";
import { RoomList } from "./list/RoomList";
import { listShown, narrow, panelShown, wide } from "./prefs";
import { Rail, Tabs } from "./rail";
import { Panel } from "./room/caseParts";
import { Room } from "./room/Room";

/** What is not opened with the first screen comes when it is opened. */
const MePage = lazily(() => import("./account/Me").then((part) => part.default));
const Waiting = lazily(() => import("./account/Waiting").then((part) => part.default));
const Search = lazily(() => import("./find/Search").then((part) => part.Search));
const Cases = lazily(() => import("./find/Cases").then((part) => part.default));
const Directory = lazily(() => import("./find/Directory").then((part) => part.default));
const Ask = lazily(() => import("./ask/Ask").then((part) => part.default));
const Console = lazily(() => import("./moderation/Console").then((part) => part.default));
const Rules = lazily(() => import("./moderation/Rules").then((part) => part.default));
const Sheets = lazily(() => import("./moderation/Sheets").then((part) => part.default));
const Tray = lazily(() => import("./moderation/Tray").then((part) => part.default));
const ProSanteReturn = lazily(() => import("./account/ProSanteReturn").then((part) => part.default));
const Suspended = lazily(() => import("./moderation/Suspended").then((part) => part.default));

export function App() {
  const { status, unreachable, me } = session.value;
  const before = useRef(status);
  const back = route.value.name === "sign-in" && route.value.back;
  const closed = cover.covered.value || status !== "in";
  // Another person, or nobody: a sheet left open, such as signing out, would act for whoever comes next.
  useLayoutEffect(closeLayers, [status === "suspended" || me?.id]);
  useEffect(() => { document.documentElement.lang = locale.value; }, [locale.value]);
  // With the page itself, not a frame later: the title names the room, and what is said aloud quotes it.
  useLayoutEffect(() => {
    if (!closed) return;
    document.title = words().shell.app;
    hush();
  }, [closed]);
  useEffect(() => {
    if (before.current === "unverified" && status === "in") toast(words().account.nowVerified);
    before.current = status;
    if (status === "in" && route.peek().name === "sign-in" && !back) navigate("/", { replace: true });
  }, [status, back]);
  // Told once, quietly; what one is writing is not interrupted.
  useEffect(() => { if (newVersion.value) toast(words().notices.newVersion); }, [newVersion.value]);
  return (
    <>
      {back && !cover.covered.value ? <ProSanteReturn query={back} /> : status === "loading" ? <main class="choose"><Mark /><p role="status">{unreachable ? words().shell.unreachable : words().shell.loading}</p></main>
        : status === "out" ? <SignIn /> : status === "suspended" ? <Suspended /> : cover.covered.value ? <Covered /> : status === "unverified" ? <Waiting /> : <Inside />}
      {signingOut.value && status !== "out" && status !== "suspended" && <SignOut />}
      <Announcer />
    </>
  );
}

/** The room of the address, open for as long as it is shown. */
function useRoom(): RoomView | null {
  const here = route.value;
  const id = here.name === "room" ? here.id : null;
  const at = here.name === "room" ? here.at : null;
  // A jump inside an open room is the room's own affair, so only the id opens it.
  const fresh = here.name === "room" && here.fresh;
  const view = useMemo(() => (id ? openRoom(id, at ? { around: at, fresh } : undefined) : null), [id]);
  useEffect(() => (id ? () => closeRoom(id) : undefined), [id]);
  return view;
}

function Inside() {
  const t = words().shell;
  const here = route.value;
  const view = useRoom();
  const current = useRef(view);
  current.current = view;
  useEffect(() => {
    const said = words().moderation;
    if (lastDecided.value) toast(lastDecided.value.what === "report" ? said.decided : said.appealDecided, { label: said.see, run: () => (moderating.value = { kind: "mine" }) });
  }, [lastDecided.value]);
  useEffect(() => startKeys(() => current.current?.markRead()), []);
  const room = view?.item.value;
  const pane = here.name === "rooms" ? "list" : here.name === "room" ? "room" : "page";
  const panel = !!room?.case && wide.value && panelShown.value;
  return (
    <>
      <div class="skips">
        {here.name === "room" ? <><a href="#log" onClick={skip("log")}>{t.toMessages}</a><a href="#composer" onClick={skip("composer")}>{t.toComposer}</a></> : <a href="#main" onClick={skip("main")}>{t.toContent}</a>}
      </div>
      <div class={`app${listShown.value || here.name === "rooms" ? "" : " list-away"}`} data-pane={pane} data-panel={panel ? "" : undefined}>
        <Rail />
        <RoomList />
        <main class="main" id="main" tabIndex={-1}>
          {here.name !== "room" && <div class="bars"><ConnectionBar /></div>}
          <Page view={view} />
        </main>
        {panel && view && room && <aside class="panel" aria-label={words().cases.sheetTitle}><Panel view={view} room={room} onClose={() => (panelShown.value = false)} /></aside>}
        <Tabs />
      </div>
      {listDrawer.value && !wide.value && !narrow.value && <Sheet title={t.rooms} side="left" onClose={() => (listDrawer.value = false)} bare><RoomList onPick={() => (listDrawer.value = false)} /></Sheet>}
      {switcher.value && <Switcher />}
      {keyMap.value && <KeyMap />}
      <Moderating />
    </>
  );
}

function Moderating() {
  const layer = moderating.value;
  if (!layer) return null;
  return layer.kind === "enter" || layer.kind === "tray" ? <Tray layer={layer} /> : <Sheets layer={layer} />;
}

/** Focus goes to the part itself, or to the log's one stop. */
const skip = (id: string) => (event: Event) => {
  event.preventDefault();
  const part = document.getElementById(id);
  (part?.querySelector<HTMLElement>('[data-key][tabindex="0"]') ?? part)?.focus();
};

function Page({ view }: { view: RoomView | null }) {
  const t = words();
  const here = route.value;
  switch (here.name) {
    case "room": return view ? <Room view={view} at={here.at} fresh={here.fresh} key={here.id} /> : <Skeletons />;
    case "cases": return <Cases query={here.query} />;
    case "directory": return <Directory q={here.q} tab={here.tab} />;
    case "search": return <Search q={here.q} room={here.room} tag={here.tag} />;
    case "ask": return <Ask group={here.group} to={here.person} />;
    case "me": return <MePage />;
    case "moderation": return here.rules ? <Rules /> : <Console />;
    case "none": return <Empty title={t.shell.notFound}><a class="link" href="/">{t.shell.toRooms}</a></Empty>;
    default: return <div class="choose"><Mark /><h2>{t.room.chooseRoom}</h2><p>{t.room.chooseRoomHint}</p><a class="btn primary" href="/ask"><Icon name="plus" />{t.shell.askQuestion}</a></div>;
  }
}
