/** The queue: one row an item, of one height, and only those in sight are drawn, however many there are. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { mod } from "../../i18n/console";
import { lang } from "../../i18n";
import { lasting, moment, now } from "../../i18n/time";
import type { Item } from "../../moderation/door";
import { taken, type Queue } from "../../moderation/queue";
import { session } from "../../store";
import { Empty } from "../parts/atoms";
import { memo } from "../parts/memo";
import { shortName } from "../parts/names";

/** Rows drawn beyond each edge. */
const MARGIN = 6;

export const rowId = (item: string) => `item-${item}`;

export function QueueList({ queue, onPick, box }: { queue: Queue; onPick: (item: string) => void; box: { current: HTMLDivElement | null } }) {
  const t = mod().console;
  const seen = useSignal({ top: 0, height: 800 });
  const row = useRef(88);
  const { items, at } = queue;
  const here = items.findIndex((one) => one.item === at);

  const measure = () => {
    const list = box.current;
    if (list) seen.value = { top: list.scrollTop, height: list.clientHeight };
  };
  useLayoutEffect(() => {
    const list = box.current!;
    // The height of a row is the style sheet's; a larger text makes it larger.
    row.current = parseFloat(getComputedStyle(list).getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize) || 88;
    const watch = new ResizeObserver(measure);
    watch.observe(list);
    return () => watch.disconnect();
  }, []);
  // The item stood on stays in sight, as j and k move.
  useEffect(() => {
    const list = box.current;
    if (!list || here < 0) return;
    const top = here * row.current;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + row.current > list.scrollTop + list.clientHeight) list.scrollTop = top + row.current - list.clientHeight;
    measure();
  }, [at, here]);

  const height = row.current;
  const from = Math.max(0, Math.floor(seen.value.top / height) - MARGIN);
  const to = Math.min(items.length, Math.ceil((seen.value.top + seen.value.height) / height) + MARGIN);
  const shown = items.slice(from, to);
  // A screen reader follows the active one, so that is always there.
  if (here >= 0 && here < from) shown.unshift(items[here]!);
  else if (here >= to) shown.push(items[here]!);
  return (
    <div class="queue" role="listbox" tabIndex={0} id="queue" aria-label={t.queue} aria-activedescendant={at ? rowId(at) : undefined} ref={box} onScroll={measure}>
      {items.length === 0 ? <Empty title={t.nothing}><span>{t.nothingText}</span></Empty> : (
        <div class="queue-in" role="presentation" style={{ height: `${items.length * height}px` }}>
          {shown.map((item) => {
            const index = items.indexOf(item);
            return <Row item={item} index={index} of={items.length} top={index * height} on={item.item === at} by={nameOfTaker(item)} onPick={onPick} lang={lang()} minute={Math.floor(now.value / 60_000)} key={item.item} />;
          })}
        </div>
      )}
    </div>
  );
}

function nameOfTaker(item: Item): string | null {
  const me = session.value.me?.id ?? "";
  if (item.claimed_by?.id === me) return "me";
  const by = taken(item, me, now.value);
  return by ? by.name : null;
}

interface RowProps { item: Item; index: number; of: number; top: number; on: boolean; by: string | null; onPick: (item: string) => void; lang: string; minute: number }

const Row = memo(function Row({ item, index, of, top, on, by, onPick, minute }: RowProps) {
  const t = mod().console;
  return (
    <div class={`queue-row${item.urgency >= 2 ? " urgent" : ""}${by ? " taken" : ""}`} role="option" id={rowId(item.item)} aria-selected={on} aria-setsize={of} aria-posinset={index + 1} style={{ top: `${top}px` }} onClick={() => onPick(item.item)}>
      <span class="queue-top"><span class="strong one-line">{titleOf(item)}</span>{item.urgency >= 3 && <span class="unseen">{t.urgentWord}</span>}
        <time class="meta third keep" dateTime={item.at} title={moment(item.at)}>{lasting(Math.max(0, minute * 60_000 - Date.parse(item.at)))}</time></span>
      <span class="one-line list-size">{item.excerpt ? <Excerpt text={item.excerpt} /> : item.person?.name ?? ""}</span>
      <span class="queue-foot meta second"><span class="one-line grow">{[item.room_title, item.count > 0 && item.kind === "report" ? t.reports(item.count) : item.excerpt && item.person ? shortName(item.person.name) : ""].filter(Boolean).join(", ")}</span>
        {by && <span class="tag mod">{by === "me" ? t.takenByMe : t.takenBy(shortName(by))}</span>}</span>
    </div>
  );
});

/** "Identifiant", "Danger pour le patient": the gravest category of a report; else its kind, as the server names it. */
export function titleOf(item: Item): string {
  const t = mod().console as unknown as Record<string, unknown>;
  const category = item.kind === "report" ? t[item.categories[0] ?? ""] : undefined;
  return typeof category === "string" ? category : item.title[lang()];
}

/** « … » with what is blacked out drawn as bars that a screen reader names. */
export function Excerpt({ text }: { text: string }) {
  const label = mod().console.blacked;
  const open = lang() === "fr" ? "«\u00a0" : "“", close = lang() === "fr" ? "\u00a0»" : "”";
  return <span dir="auto">{open}{text.split(/(█+)/).map((part, at) => (part.startsWith("█") ? <span class="blacked" role="img" aria-label={label} style={{ width: `${Math.min(10, part.length) * 0.45 + 0.5}rem` }} key={at} /> : part))}{close}</span>;
}
