/** How many items wait for this moderator, wherever in the app they are: asked for anew when the console's room tells of a change. */
import { api, hear } from "../store";
import { itemsWaiting } from "../views/layers";

const AFTER = 1_000;

/** Answers how to stop. */
export function followWaiting(): () => void {
  let stopped = false, timer: ReturnType<typeof setTimeout> | undefined, stop: (() => void) | null = null;
  const ask = async () => {
    timer = undefined;
    try {
      const { open, room } = await api.get<{ open: number; room: string }>("/api/v1/moderation/queue?limit=1");
      if (stopped) return;
      itemsWaiting.value = open;
      stop ??= hear(room, { events: later, again: later });
    } catch {
      // A number that is late is no harm: the next word of the console's room, or the next start, brings it.
    }
  };
  const later = () => { timer ??= setTimeout(() => void ask(), AFTER); };
  void ask();
  return () => { stopped = true; clearTimeout(timer); stop?.(); itemsWaiting.value = 0; };
}
