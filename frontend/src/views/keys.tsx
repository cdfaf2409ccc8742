/** The page's keys (Ctrl K, Alt arrows, brackets, n, ?, Esc) and the map that names them. */
import { rooms, session } from "../store";
import { words } from "../i18n";
import { navigate, route, toRoom } from "../router";
import { layered, Sheet } from "./parts/sheet";
import { caseSheet, keyMap, moderating, listDrawer, switcher } from "./layers";
import { listShown, narrow, panelShown, singleKeys, wide } from "./prefs";

/** Layers close themselves; what remains of Esc: to the composer, then mark read (the room's own part). */
export function startKeys(markRead: () => void): () => void {
  const onKey = (event: KeyboardEvent) => {
    const key = event.key;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && key.toLowerCase() === "k") {
      event.preventDefault();
      if (!layered()) switcher.value = true;
      return;
    }
    if (layered() || event.defaultPrevented) return;
    if (event.altKey && (key === "ArrowDown" || key === "ArrowUp")) {
      event.preventDefault();
      nextUnread(key === "ArrowDown" ? 1 : -1);
      return;
    }
    const target = event.target as HTMLElement;
    const writes = target.matches?.("input, textarea, select, [contenteditable]");
    if (key === "Escape") {
      const composer = document.getElementById("composer");
      if (!composer) return;
      if (document.activeElement === composer) markRead();
      else composer.focus();
      return;
    }
    if (writes || event.ctrlKey || event.metaKey || event.altKey || !singleKeys.value) return;
    // Single keys belong to the log; on a page without one, the page itself is enough.
    if (!target.closest?.("#log") && target !== document.body) return;
    if (key === "M" && route.value.name === "room" && session.value.me?.mod) moderating.value = { kind: "tray", room: route.value.id, message: null };
    else if (key === "?") keyMap.value = true;
    else if (key === "n") navigate("/ask");
    else if (key === "[") { if (wide.value) listShown.value = !listShown.value; else if (!narrow.value) listDrawer.value = true; }
    else if (key === "]") { if (wide.value) panelShown.value = !panelShown.value; else caseSheet.value = true; }
    else return;
    event.preventDefault();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

function nextUnread(step: 1 | -1): void {
  const here = route.value.name === "room" ? route.value.id : null;
  const list = rooms.value;
  const from = list.findIndex((room) => room.id === here);
  for (let n = 1; n <= list.length; n++) {
    const room = list[(from + step * n + list.length * 2) % list.length]!;
    if (room.id !== here && (room.mentions > 0 || (room.unread > 0 && !room.muted))) return navigate(toRoom(room.id));
  }
}

export function KeyMap() {
  const t = words().shell;
  const command = /Mac/.test(navigator.platform) ? "⌘ K" : "Ctrl K";
  const rows: [string[], string][] = [
    [["j", "k"], t.keyNext], [["Home", "End"], t.keyEnds], [["Alt ↓", "Alt ↑"], t.keyRoom], [["r"], t.keyReply], [["e"], t.keyEdit], [["u"], t.keyUnread],
    [[command], t.keySwitch], [["Esc"], t.keyEsc], [["n"], t.keyAsk], [["["], t.keyList], [["]"], t.keyPanel], [["Enter"], t.keySend], [["Shift Enter"], t.keyLine], [["?"], t.keyMap],
    ...(session.value.me?.mod ? [[["Shift M"], words().moderation.key] as [string[], string]] : []),
  ];
  return (
    <Sheet title={t.keysTitle} onClose={() => (keyMap.value = false)}>
      <dl class="keys">{rows.map(([keys, what]) => <div key={what}><dt>{what}</dt><dd>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dd></div>)}</dl>
      <p class="meta third">{t.keysNote}</p>
    </Sheet>
  );
}
