/** A moderator in a room: coming in with a reason, and the tray of tools beside the log. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { MessageItem } from "../../protocol";
import { mod } from "../../i18n/console";
import { act } from "../../moderation/door";
import { actOn, forget } from "../../moderation/reasons";
import { leaveRoom } from "../../moderation/visit";
import { look } from "../../pictures/upload";
import { api, closeRoom, openRoom, session } from "../../store";
import { Problem } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { Sheet } from "../parts/sheet";
import { shut, type Moderating } from "../layers";
import { singleKeys } from "../prefs";
import { visits } from "../room/visiting";
import { Motive, Tools, type ToolKeys } from "./Tools";
import { everywhere, type Target } from "./toolbox";
import "../../styles/moderation.css";

export default function Tray({ layer }: { layer: Extract<Moderating, { kind: "enter" | "tray" }> }) {
  const close = () => shut(layer);
  if (layer.kind === "enter") return <Sheet title={mod().tools.enterTitle} onClose={close}><Enter room={layer.room} onIn={() => layer.then?.(close())} /></Sheet>;
  return <InRoom room={layer.room} message={layer.message} close={close} />;
}

/** The reason is what the room reads when the moderator arrives. */
export function Enter({ room, onIn }: { room: string; onIn: () => void }) {
  const t = mod().tools;
  const reason = useSignal("");
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const enter = (event: Event) => {
    event.preventDefault();
    busy.value = true;
    act(room, { type: "moderator.join", reason: reason.value.trim() }).then(onIn, (why: unknown) => (error.value = why)).finally(() => (busy.value = false));
  };
  return (
    <form onSubmit={enter}>
      <p class="list-size second">{t.enterNote}</p>
      <Motive reason={reason} />
      <Problem error={error.value} />
      <button type="submit" class="btn mod tall" disabled={busy.value || !reason.value.trim()}><Icon name="shield" />{t.enter}</button>
    </form>
  );
}

function InRoom({ room, message, close }: { room: string; message: string | null; close: () => void }) {
  const t = mod().tools;
  const view = useMemo(() => openRoom(room), [room]);
  useEffect(() => () => closeRoom(room), [room]);
  const keys = useRef<ToolKeys | null>(null);
  const item = view.item.value;
  const state = view.state.value;
  const line = message === null ? undefined : view.lines.value.find((one) => one.type === "message" && one.item.message === message);
  const said = line?.type === "message" ? line.item : null;
  const own = said?.actor?.id === session.value.me?.id;
  const pinned = !!state?.pins.some((pin) => pin.message === message);
  const veiled = useVeiled(said);
  const silenced = useSilenced(room, own ? null : said?.actor?.id ?? null);
  const expert = !!(state ? state.expert : item?.expert);
  const target = useMemo<Target>(() => ({
    room, kind: item?.kind ?? null, everywhere: everywhere(), inside: true, locked: !!state?.lock, slow: state?.slow_mode ?? 0, expert,
    message: said ? { id: said.message, hidden: said.withheld === "hidden", images: said.images, veiled, pinned } : null,
    person: said?.actor && !own ? { id: said.actor.id, name: said.actor.name, silenced, suspension: null } : null,
  }), [room, item?.kind, !!state?.lock, state?.slow_mode, expert, said, own, pinned, veiled, silenced]);
  // As soon as the tray is seen, and not a moment later: its keys are pressed at once.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !singleKeys.value || (event.target as HTMLElement).matches?.("input, textarea, select")) return;
      if (keys.current?.(event.key)) event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return (
    <Sheet title={t.title} side="right" onClose={close}>
      {!visits(view) ? <Enter room={room} onIn={() => undefined} /> : <div class="tray">
        {said ? <blockquote class="tray-quote"><span class="strong">{said.actor?.name}</span><p dir="auto">{said.body ?? "…"}</p></blockquote> : <p class="note">{t.noOne}</p>}
        <Tools target={target} keys={keys} onDone={close} />
        <hr />
        <button type="button" class="btn wide" onClick={() => { close(); leaveRoom(view); }}><Icon name="out" />{t.leave}</button>
      </div>}
    </Sheet>
  );
}

/** Those of its pictures that are withheld now. */
function useVeiled(said: MessageItem | null): string[] {
  const veiled = useSignal<string[]>([]);
  useEffect(() => {
    if (!said?.images.length) return;
    let stale = false;
    look(api, said.images).then(({ images }) => { if (!stale) veiled.value = images.filter((one) => one.veil).map((one) => one.image); }, () => undefined); // what is hidden already is then refused, or unchanged
    return () => { stale = true; };
  }, [said]);
  return veiled.value;
}

/** Whether this person may not write here now, from the room's record. */
function useSilenced(room: string, person: string | null): boolean {
  useEffect(() => (person ? () => forget(room, person) : undefined), [room, person]);
  const act = person ? actOn(room, person) : undefined;
  return !!act && (act.until === null || Date.parse(act.until) > Date.now());
}
