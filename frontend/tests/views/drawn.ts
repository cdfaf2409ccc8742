/** Draws one component without a page: hooks by their order, children untouched. In place of preact/hooks, and of useSignal. */
import { signal, type Signal } from "@preact/signals-core";
import type { VNode } from "preact";

interface Effect { deps: readonly unknown[] | undefined; stop: void | (() => void) }
let slots: unknown[] = [], at = 0;
let due: (() => void)[] = [];

const slot = <T>(make: () => T): T => {
  if (at === slots.length) slots.push(make());
  return slots[at++] as T;
};
export const useSignal = <T>(value: T): Signal<T> => slot(() => signal(value));
export const useRef = <T>(current: T): { current: T } => slot(() => ({ current }));
export function useEffect(run: () => void | (() => void), deps?: readonly unknown[]): void {
  const held = slot<Effect>(() => ({ deps: [NaN, "never drawn"], stop: undefined }));
  if (deps && held.deps && deps.length === held.deps.length && deps.every((one, i) => Object.is(one, held.deps![i]))) return;
  held.deps = deps;
  due.push(() => { held.stop?.(); held.stop = run(); });
}
export const useLayoutEffect = useEffect;
export function useMemo<T>(make: () => T, deps: readonly unknown[]): T {
  const held = slot<{ deps: readonly unknown[]; value: T }>(() => ({ deps, value: make() }));
  if (!deps.every((one, i) => Object.is(one, held.deps[i]))) { held.deps = deps; held.value = make(); }
  return held.value;
}

/** As it is drawn now, its effects run. */
export function draw<P>(component: (props: P) => unknown, props: P): VNode | null {
  at = 0;
  const drawn = component(props) as VNode | null;
  for (const run of due.splice(0)) run();
  return drawn;
}
/** It leaves the page. */
export function leave(): void {
  for (const one of slots) if (one && typeof one === "object" && "stop" in one) (one as Effect).stop?.();
  slots = [];
  due = [];
  at = 0;
}

type Props = Record<string, any>;
/** The first part that fits, whatever lies between. */
export function part(of: unknown, fits: (type: unknown, props: Props) => boolean): Props {
  const seek = (one: unknown): Props | null => {
    if (Array.isArray(one)) return one.reduce<Props | null>((found, next) => found ?? seek(next), null);
    if (!one || typeof one !== "object" || !("props" in one)) return null;
    const { type, props } = one as { type: unknown; props: Props };
    return fits(type, props) ? props : seek(props["children"]);
  };
  const found = seek(of);
  if (!found) throw new Error("no such part is drawn");
  return found;
}
