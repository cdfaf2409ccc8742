/** A list that comes in pages, asked for again as the question changes; late answers to old questions are dropped. */
import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Page } from "../../store";

export interface Pages<T> { items: Signal<T[] | null>; next: Signal<string | null>; error: Signal<unknown>; more: () => void; again: () => void }

export function usePages<T>(ask: ((next: string | null, stop: AbortSignal) => Promise<Page<T>>) | null, key: string, wait = 200): Pages<T> {
  const items = useSignal<T[] | null>(null);
  const next = useSignal<string | null>(null);
  const error = useSignal<unknown>(null);
  const round = useSignal(0);
  const current = useRef(ask);
  current.current = ask;
  const stop = useRef<AbortController | null>(null);
  const load = (from: string | null) => {
    const own = stop.current!;
    current.current?.(from, own.signal).then((page) => {
      // Asked for twice, or of a list that another has replaced: that page is there already, or belongs to none.
      if (own.signal.aborted || (from && next.peek() !== from)) return;
      items.value = from ? [...(items.peek() ?? []), ...page.items] : page.items;
      next.value = page.next;
      error.value = null;
    }, (why: unknown) => { if (!own.signal.aborted) error.value = why; });
  };
  useEffect(() => {
    stop.current = new AbortController();
    const own = stop.current;
    error.value = null;
    if (!current.current) { items.value = null; next.value = null; return; }
    const timer = setTimeout(() => load(null), items.peek() ? wait : 0);
    return () => { clearTimeout(timer); own.abort(); };
  }, [key, round.value]);
  return { items, next, error, more: () => load(next.value), again: () => round.value++ };
}
