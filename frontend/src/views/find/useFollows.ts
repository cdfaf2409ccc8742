/** What this person follows, asked for once where it is shown, and again after a change. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { follows, type Follows } from "../../cases/finding";

export function useFollows(): { value: Follows | null; error: unknown; again: () => Promise<void> } {
  const value = useSignal<Follows | null>(null);
  const error = useSignal<unknown>(null);
  const again = () => follows().then((answer) => { value.value = answer; error.value = null; }, (why: unknown) => { error.value = why; });
  useEffect(() => void again(), []);
  return { value: value.value, error: error.value, again };
}
