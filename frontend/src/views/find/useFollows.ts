/** What this person follows, asked for once where it is shown, and again after a change. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { follows, type Follows } from "../../cases/finding";

export function useFollows(): { value: Follows | null; error: unknown; again: () => Promise<void> } {
  const value = useSignal<Follows | null>(null);
  const error = useSignal<unknown>(null);
  const turn = useRef(0);
  const again = () => {
    const mine = ++turn.current; // an older answer may come last
    return follows().then((answer) => { if (mine === turn.current) { value.value = answer; error.value = null; } }, (why: unknown) => { if (mine === turn.current) error.value = why; });
  };
  useEffect(() => void again(), []);
  return { value: value.value, error: error.value, again };
}
