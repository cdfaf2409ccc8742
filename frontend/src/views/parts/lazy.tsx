/** A part of the page whose script is loaded when it is first shown, so that nobody else waits for it. */
import type { ComponentType, FunctionComponent } from "preact";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Problem, Skeletons } from "./atoms";

/**
 * `quiet`: nothing stands for it while it is not here; for what is small and beside something else. "unless it fails": for what a press
 * opens over the page, so that the press is not without an answer.
 */
export function lazily<P extends object>(load: () => Promise<ComponentType<P>>, quiet: boolean | "unless it fails" = false): FunctionComponent<P> {
  let loaded: ComponentType<P> | null = null;
  let failed = 0;
  return function Lazy(props: P) {
    const ready = useSignal(loaded !== null);
    const error = useSignal<unknown>(null);
    const ask = () => {
      error.value = null;
      load().then((part) => { loaded = part; ready.value = true; }, (why: unknown) => { failed++; error.value = why; });
    };
    useEffect(() => { if (!loaded) ask(); }, []);
    if (ready.value && loaded) {
      const Part = loaded;
      return <Part {...props} />;
    }
    if (quiet === true || (quiet && !error.value)) return null;
    // A browser may remember that a script did not come, and a newer version may have other names: then only a new start helps.
    // A script that does not come is a network that does not answer, whatever the browser calls it.
    return error.value ? <Problem error={new TypeError("the script of this part did not come")} retry={failed > 1 ? () => location.reload() : ask} /> : <Skeletons rows={2} />;
  };
}
