/** How many items wait for this moderator, wherever in the app they are: asked for anew when the console's room tells of a change. */
import { api, hear } from "../store";
import { itemsWaiting } from "../views/layers";

const AFTER = 1_000;

/** Answers how to stop. */
export function followWaiting(): () => void {
  let stopped = false, turn = 0, timer: ReturnType<typeof setTimeout> | undefined, stop: (() => void) | null = null;
  const ask = async () => {
    timer = undefined;
    const mine = ++turn;
    try {
      const { open, room } = await api.get<{ open: number; room: string }>("/api/v1/moderation/queue?limit=1");
      if (stopped) return;
      if (mine === turn) itemsWaiting.value = open;
      if (stop) return;
      stop = hear(room, { events: later, again: later });
      later(); // nobody here has heard what was told since that answer
    } catch {
      // A number that is late is no harm: the next word of the console's room, or the next start, brings it.
    }
  };
  const later = () => { timer ??= setTimeout(() => void ask(), AFTER); };
  void ask();
  return () => { stopped = true; clearTimeout(timer); stop?.(); itemsWaiting.value = 0; };
}
