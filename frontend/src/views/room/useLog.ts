/** The log's scroll: a bounded window of lines, the reader's place kept, never a forced scroll. */
import { useComputed, useSignal, type Signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Line, RoomView } from "../../store";
import { follow, holds, slideDown, slideUp, windowAt, type Range } from "./window";

const nearEdge = 600;
const nearBottom = 48;

interface Place { key: string; offset: number }

/** The first of what stands one below the other for which this is so, as it is for all after it; their number where it is so for none. */
function firstOf(children: ArrayLike<Element>, is: (rect: DOMRect) => boolean): number {
  let from = 0, to = children.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (is(children[middle]!.getBoundingClientRect())) to = middle;
    else from = middle + 1;
  }
  return from;
}

export function useLog(view: RoomView, onSeen: (seq: number) => void) {
  const box = useRef<HTMLDivElement>(null);
  const range = useSignal<Range | null>(null);
  const lines = view.lines.value;
  const before = useRef<readonly Line[]>([]);
  const bottom = useSignal(true);
  const place = useRef<Place | null>(null);
  const opened = useRef(false);
  /** Where what is new begins was drawn. */
  const divided = useRef(false);
  const busy = useRef(false);
  const flash = useSignal<string | null>(null);
  /** A scroll whose place is not noted yet. */
  const waiting = useRef(false);

  // The window over the lines as they are now; kept in a ref-like signal so that scrolling can move it.
  const shown: Range = before.current === lines && range.value ? range.value
    : range.peek() && before.current.length ? follow(range.peek()!, before.current, lines, bottom.peek() && view.mode.value === "live")
    : windowAt(lines.length, null);
  if (before.current !== lines || !range.peek()) {
    before.current = lines;
    range.value = shown;
  }

  const note = () => {
    const log = box.current;
    if (!log) return;
    bottom.value = log.scrollHeight - log.scrollTop - log.clientHeight < nearBottom;
    const top = log.getBoundingClientRect().top;
    place.current = null;
    const children = log.children as unknown as ArrayLike<HTMLElement>;
    for (let at = firstOf(children, (rect) => rect.bottom > top); at < children.length; at++) {
      const child = children[at]!;
      if (!child.dataset.key || !holds(child.dataset.key)) continue;
      place.current = { key: child.dataset.key, offset: child.getBoundingClientRect().top - top };
      break;
    }
    const end = top + log.clientHeight;
    let last = firstOf(children, (rect) => rect.top >= end) - 1;
    while (last >= 0 && !children[last]!.dataset.seq) last--;
    if (last >= 0) onSeen(Number(children[last]!.dataset.seq));
  };

  const atKey = (key: string) => box.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`) ?? null;
  const toBottom = () => { if (box.current) box.current.scrollTop = box.current.scrollHeight; };

  const more = () => {
    const log = box.current;
    if (!log || busy.current || !opened.current) return;
    const at = range.peek();
    if (!at) return;
    if (log.scrollTop < nearEdge) {
      if (at.from > 0) range.value = slideUp(at);
      else if (view.more.peek().before && !view.loading.peek()) { busy.current = true; void view.loadBefore().catch(() => undefined).finally(() => (busy.current = false)); }
    } else if (log.scrollHeight - log.scrollTop - log.clientHeight < nearEdge) {
      if (at.to < view.lines.peek().length) range.value = slideDown(at, view.lines.peek().length);
      else if (view.more.peek().after && !view.loading.peek()) { busy.current = true; void view.loadAfter().catch(() => undefined).finally(() => (busy.current = false)); }
    }
  };

  const keep = () => {
    const log = box.current;
    if (!log) return;
    if (bottom.peek() && view.mode.peek() === "live" && (range.peek()?.to ?? 0) >= view.lines.peek().length) toBottom();
    else if (place.current) {
      const child = atKey(place.current.key);
      if (child) log.scrollTop += child.getBoundingClientRect().top - log.getBoundingClientRect().top - place.current.offset;
    }
  };

  // After each drawing: stay at the bottom, or put the line the reader looked at back where it was.
  useLayoutEffect(() => {
    const log = box.current;
    if (!log || !opened.current) return;
    // It came after the room was drawn: who waits at the bottom is put before it, and has not read what lies under it.
    const news = divided.current ? -1 : lines.findIndex((line) => line.type === "new");
    if (news >= 0) {
      divided.current = true;
      const first = lines[news + 1];
      if (bottom.peek() && !view.jump.peek() && first?.type === "message") {
        bottom.value = false;
        view.jump.value = { seq: first.item.seq };
        return;
      }
    }
    keep();
    note();
    // Too few lines to scroll: nothing would ever ask for the older ones.
    if (log.scrollHeight <= log.clientHeight) more();
    // A page that came in outside the window changes nothing on the screen, so no scroll event would ever ask for it.
    const at = range.peek();
    if (at && log.scrollTop < nearEdge && at.from > 0) range.value = slideUp(at);
    else if (at && log.scrollHeight - log.scrollTop - log.clientHeight < nearEdge && at.to < lines.length) range.value = slideDown(at, lines.length);
  }, [lines, shown.from, shown.to]);

  // Opening a room: the line asked for, else the first unread, else the bottom.
  useLayoutEffect(() => {
    if (opened.current || lines.length === 0 || view.loading.value) return;
    opened.current = true;
    if (!view.jump.peek()) {
      const news = lines.find((line) => line.type === "new");
      if (news) {
        divided.current = true;
        const at = lines.indexOf(news);
        if (at < shown.from) range.value = windowAt(lines.length, at);
        const child = atKey(news.key);
        if (child && box.current) box.current.scrollTop += child.getBoundingClientRect().top - box.current.getBoundingClientRect().top - 64;
      } else toBottom();
    }
    note();
  });

  // A jump: slide the window there, centre the line, flash it once.
  const target = view.jump.value;
  useLayoutEffect(() => {
    if (!target || view.loading.value) return;
    const at = lines.findIndex((line) => line.type === "message" && line.item.seq >= target.seq);
    if (at < 0) return;
    const { key } = lines[at]!;
    const now = range.peek()!;
    if (at < now.from || at >= now.to) { range.value = windowAt(lines.length, at); place.current = null; bottom.value = false; return; }
    bottom.value = false;
    opened.current = true;
    const child = atKey(key);
    child?.scrollIntoView({ block: "center" });
    flash.value = null;
    requestAnimationFrame(() => (flash.value = key));
    view.jump.value = null;
    note();
  }, [target, lines, shown.from, shown.to, view.loading.value]);

  // The keyboard of a phone, a wider window: the bottom stays the bottom.
  useEffect(() => {
    const log = box.current;
    if (!log) return;
    const watch = new ResizeObserver(() => { if (bottom.peek() && view.mode.peek() === "live") toBottom(); });
    watch.observe(log);
    // What a line says later than the line came (pictures, votes, a case's own lines) moves nobody who reads.
    const grown = new MutationObserver(() => { if (opened.current && !waiting.current) keep(); });
    grown.observe(log, { childList: true, subtree: true });
    const onVisible = () => { if (!document.hidden) note(); };
    document.addEventListener("visibilitychange", onVisible);
    addEventListener("focus", onVisible);
    return () => { watch.disconnect(); grown.disconnect(); document.removeEventListener("visibilitychange", onVisible); removeEventListener("focus", onVisible); };
  }, []);

  // At the very edge a turn of the wheel or a finger moves nothing, so no scroll event asks for more.
  const asks = useRef(more);
  asks.current = more;
  useEffect(() => {
    const log = box.current;
    if (!log) return;
    const ask = () => requestAnimationFrame(() => asks.current());
    log.addEventListener("wheel", ask, { passive: true });
    log.addEventListener("touchmove", ask, { passive: true });
    return () => { log.removeEventListener("wheel", ask); log.removeEventListener("touchmove", ask); };
  }, []);

  const onScroll = () => {
    if (waiting.current) return;
    waiting.current = true;
    requestAnimationFrame(() => { waiting.current = false; note(); more(); });
  };

  const toNewest = async () => {
    if (view.mode.peek() === "past") await view.toNewest();
    bottom.value = true;
    range.value = windowAt(view.lines.peek().length, null);
    requestAnimationFrame(() => { toBottom(); note(); });
  };

  /** Brings a line into the window and the page, for the keyboard. */
  const reveal = (key: string) => {
    const at = view.lines.peek().findIndex((line) => line.key === key);
    const now = range.peek();
    if (at >= 0 && now && (at < now.from || at >= now.to)) { bottom.value = false; place.current = null; range.value = windowAt(view.lines.peek().length, at); }
    requestAnimationFrame(() => atKey(key)?.focus());
  };

  return { box, shown, bottom: bottom as Signal<boolean>, flash, onScroll, toNewest, reveal, hidden: useComputed(() => (range.value ? view.lines.value.length - range.value.to : 0)) };
}
