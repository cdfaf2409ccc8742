/** What may identify a patient in a text being written: found on the device, shown at three levels, with a way out of each. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Finding } from "../../identifiers/find";
import { words } from "../../i18n";
import { Icon } from "./icons";

/** Places in UTF-16, as a text field counts. */
export interface Item { start: number; end: number; category: string; level: Finding["level"]; quote: string }
type Category = Exclude<keyof ReturnType<typeof words>["identifiers"], "replaceBy" | "noneOf" | "quoted" | "inYear">;
type Find = typeof import("../../identifiers/find").find;

let find: Find | null = null;
let loading: Promise<void> | null = null;
/** The rules come in a script of their own, with the first letter that someone writes: nobody who only reads waits for them. */
function load(): Promise<void> {
  loading ??= import("../../identifiers/find").then((it) => void (find = it.find), () => void (loading = null)); // without them the server decides alone
  return loading;
}

function itemsOf(text: string, doctors: readonly string[]): Item[] {
  if (!find || !text) return [];
  const points = [...text];
  const at = (point: number) => points.slice(0, point).join("").length;
  return find(text, doctors).map(({ start, end, category, level }) => ({ start: at(start), end: at(end), category, level, quote: points.slice(start, end).join("") }));
}

const key = (item: Item) => `${item.category} ${item.quote}`;

export interface Watch {
  items: Item[];
  /** Kept from being sent by what must be replaced. */
  blocked: boolean;
  dismiss(item: Item): void;
  /** Before `check`: the rules are here, or cannot come. At once where they are. */
  ready(): Promise<void>;
  /** At the moment of sending: `open` is what stands in the way; `confirmed` goes with the text, null where it could not be looked at. */
  check(text: string): { open: boolean; confirmed: string[] | null };
  /** Sent: the next text begins anew. */
  forget(): void;
}

/** Watches a text while it is written. `doctors` are the family names of the room's own. */
export function useIdentifiers(text: string, doctors: () => readonly string[] = () => []): Watch {
  const items = useSignal<Item[]>([]);
  const dismissed = useSignal<ReadonlySet<string>>(new Set());
  const latest = useRef(text);
  latest.current = text;
  const standing = (all: Item[]) => all.filter((item) => item.level !== "confirm" || !dismissed.peek().has(key(item)));
  const look = () => (items.value = standing(itemsOf(latest.current, doctors())));
  useEffect(() => { if (text) void load().then(look); }, [!text]);
  // Who comes into the room while it is written changes what is found in the same words.
  const here = text && doctors().join(" ");
  useEffect(() => {
    if (!text) { items.value = []; return; }
    const timer = setTimeout(look, 250);
    return () => clearTimeout(timer);
  }, [text, here]);
  // What has been changed since it was looked at is no longer where it was.
  const shown = items.value.filter((item) => text.slice(item.start, item.end) === item.quote);
  return {
    items: shown,
    blocked: shown.some((item) => item.level === "block"),
    dismiss: (item) => { dismissed.value = new Set([...dismissed.peek(), key(item)]); look(); },
    ready: load,
    check: (body) => {
      if (!find) return { open: false, confirmed: null };
      look();
      const open = standing(itemsOf(body, doctors())).some((item) => item.level !== "hint");
      // The server may know fewer of the room's doctors than this page: what stays is said for them too.
      const confirmed = [...new Set(itemsOf(body, []).filter((item) => item.level === "confirm").map((item) => item.category))];
      return { open, confirmed };
    },
    forget: () => { dismissed.value = new Set(); items.value = []; },
  };
}

/** What to write instead, and from where: "née le 12/03/1978" becomes "née en 1978". */
export function replacement(text: string, item: Item): { start: number; by: string } {
  const t = words().identifiers;
  if (item.category === "birth_date") {
    const year = /(?:19|20)[0-9]{2}/.exec(item.quote)?.[0] ?? /[0-9]{2}$/.exec(item.quote)?.[0] ?? "";
    const le = / le $/i.exec(text.slice(0, item.start));
    return le ? { start: item.start - 3, by: t.inYear(year) } : { start: item.start, by: year };
  }
  if (item.category === "name") {
    const [civility, ...rest] = item.quote.split(/[ \u00a0\u202f]+/);
    return { start: item.start, by: `${civility} ${[...(rest[rest.length - 1] ?? "X")][0]!.toLocaleUpperCase()}.` };
  }
  const by: Record<string, string> = { nir: t.asNir, nir_like: t.asNir, phone: t.asPhone, email: t.asEmail, address: t.asAddress, record: t.asRecord, rpps: t.asRpps };
  return { start: item.start, by: by[item.category] ?? "…" };
}

/** The warnings under way; `id` is the field's, which they describe. */
export function IdentifierNotes({ id, text, watch, onReplace }: { id: string; text: string; watch: Watch; onReplace: (text: string) => void }) {
  const t = words().identifiers;
  const replace = (item: Item) => {
    const { start, by } = replacement(text, item);
    onReplace(text.slice(0, start) + by + text.slice(item.end));
    document.getElementById(id)?.focus();
  };
  const way = (item: Item) => <button type="button" class="link" onClick={() => replace(item)}>{t.replaceBy(replacement(text, item).by)}</button>;
  const of = (level: Item["level"]) => watch.items.filter((item) => item.level === level);
  const line = (item: Item) => <span class="grow"><b>{t[item.category as Category]}</b> <q>{item.quote}</q></span>;
  const hints = [...new Map(of("hint").map((item) => [item.category, item])).values()];
  return (
    <div class="identifiers" id={`${id}-identifiers`}>
      <div role="alert">{of("block").length > 0 && (
        <div class="note block"><Icon name="alert" /><ul class="grow">
          {of("block").map((item) => <li key={`${item.start}`}>{line(item)} {way(item)}</li>)}
          <li class="why">{t.mustReplace}</li>
        </ul></div>
      )}</div>
      <div aria-live="polite">
        {of("confirm").length > 0 && (
          <div class="note confirm"><Icon name="eye" /><ul class="grow">
            {of("confirm").map((item) => (
              <li key={`${item.start}`}>{line(item)} {way(item)} <button type="button" class="link none" aria-label={t.noneOf(item.quote)} onClick={() => { watch.dismiss(item); document.getElementById(id)?.focus(); }}>{t.none}</button></li>
            ))}
          </ul></div>
        )}
        {hints.map((item) => <p class="hint-line" key={item.category}>{t.quoted(item.quote)} {t[item.category as Category]}</p>)}
      </div>
    </div>
  );
}

/** A text field with what was found marked in it: a copy of the text lies behind, of which only the marks are seen. */
export function Marked({ text, watch, look, children }: { text: string; watch: Watch; look: string; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  const behind = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const field = box.current?.querySelector("textarea");
    const follow = () => { if (field && behind.current) behind.current.scrollTop = field.scrollTop; };
    follow();
    field?.addEventListener("scroll", follow);
    return () => field?.removeEventListener("scroll", follow);
  }, [text]);
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const item of watch.items) {
    if (item.start < at) continue;
    parts.push(text.slice(at, item.start), <mark data-level={item.level} key={item.start}>{text.slice(item.start, item.end)}</mark>);
    at = item.end;
  }
  return (
    <div class="marked" ref={box}>
      {watch.items.length > 0 && <div class={`marks ${look}`} ref={behind} aria-hidden="true">{parts}{text.slice(at)}{"\u200b"}</div>}
      {children}
    </div>
  );
}
