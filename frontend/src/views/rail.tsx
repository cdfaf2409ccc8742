/** The places of the app: a rail at the side, or a bar of five at the bottom of a phone. */
import { useComputed } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { rooms, session } from "../store";
import { words } from "../i18n";
import { route } from "../router";
import { itemsWaiting } from "./layers";
import { Avatar } from "./parts/atoms";
import { Icon, Mark, Shield, type IconName } from "./parts/icons";

interface Stop { href: string; icon: IconName | "moderation"; label: string; names: string[]; count?: number; counted?: (n: number) => string }

function useStops(): Stop[] {
  const t = words().shell;
  const news = useComputed(() => rooms.value.filter((room) => (room.unread > 0 && !room.muted) || room.mentions > 0).length);
  return [
    { href: "/", icon: "rooms", label: t.rooms, names: ["rooms", "room"], count: news.value },
    { href: "/cases", icon: "cases", label: t.cases, names: ["cases"] },
    { href: "/directory", icon: "book", label: t.directory, names: ["directory"] },
  ];
}

function Place({ stop }: { stop: Stop }) {
  return (
    <a class="stop" href={stop.href} aria-current={stop.names.includes(route.value.name) ? "page" : undefined}>
      {stop.icon === "moderation" ? <Shield /> : <Icon name={stop.icon} size="large" />}
      <span>{stop.label}</span>
      {!!stop.count && <span class="count"><span aria-hidden="true">{stop.count}</span><span class="unseen">{(stop.counted ?? words().shell.unreadRooms)(stop.count)}</span></span>}
    </a>
  );
}

export function Rail() {
  const t = words().shell;
  const me = session.value.me;
  const moderates = !!me?.mod;
  useEffect(() => {
    if (!moderates) return;
    let stop: (() => void) | null = null, gone = false;
    // Without the number the way into the console is the same.
    void import("../moderation/waiting").then((part) => { if (!gone) stop = part.followWaiting(); }, () => undefined);
    return () => { gone = true; stop?.(); };
  }, [moderates]);
  return (
    <nav class="rail" aria-label={t.places}>
      <a class="brand" href="/" aria-label={t.app}><Mark /></a>
      {useStops().map((stop) => <Place stop={stop} key={stop.href} />)}
      <Place stop={{ href: "/search", icon: "search", label: t.search, names: ["search"] }} />
      {me?.mod && <Place stop={{ href: "/moderation", icon: "moderation", label: words().moderation.place, names: ["moderation"], count: itemsWaiting.value, counted: words().moderation.waiting }} />}
      <div class="end">
        <a class="stop" href="/me" aria-current={route.value.name === "me" ? "page" : undefined}>
          {me ? <Avatar person={me} /> : <Icon name="user" size="large" />}<span class="unseen">{t.me}</span>
        </a>
      </div>
    </nav>
  );
}

export function Tabs() {
  const t = words().shell;
  const [rooms, cases, directory] = useStops();
  return (
    <nav class="tabs" aria-label={t.places}>
      <Place stop={rooms!} />
      <Place stop={cases!} />
      <a class="ask" href="/ask" aria-current={route.value.name === "ask" ? "page" : undefined}><span><Icon name="plus" size="large" /></span><span>{t.ask}</span></a>
      <Place stop={directory!} />
      <Place stop={{ href: "/me", icon: "user", label: t.me, names: ["me"] }} />
    </nav>
  );
}
