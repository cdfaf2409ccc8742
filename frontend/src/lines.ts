/** From a room's log to the lines that are drawn: days, runs, the divider of what is new, what is not sent yet. */
import type { EventFrame, MessageItem } from "./protocol";
import type { Line, OutboxEntry, Quote } from "./types";

const RUN = 5 * 60_000;

export interface LinesOf {
  items: readonly { item: MessageItem }[];
  notices: EventFrame[];
  /** null where the newest messages are not in the window. */
  unsent: OutboxEntry[];
  newSince: { seq: number; at: string; count: number } | null;
  me: string;
  find(message: string): MessageItem | undefined;
}

const dayOf = (at: string): string => new Date(at).toDateString();

export function buildLines(of: LinesOf, before: Line[]): Line[] {
  const held = new Map(before.map((line) => [line.key, line]));
  const lines: Line[] = [];
  /** A line that draws the same is the same object, so that a view can skip it. */
  const add = (line: Line): void => {
    const old = held.get(line.key);
    lines.push(old && same(old, line) ? old : line);
  };
  const quote = (id: string | null): Quote | null => {
    if (!id) return null;
    const item = of.find(id);
    return { message: id, seq: item?.seq ?? null, actor: item?.actor ?? null, body: item?.body ?? null, withheld: item?.withheld ?? null, doubt: item?.doubt ?? null };
  };
  let day = "", author: string | null = null, time = 0, divided = of.newSince === null;
  const newDay = (at: string): void => {
    const today = dayOf(at);
    if (today === day) return;
    day = today;
    author = null;
    add({ type: "day", key: `d:${today}`, at });
  };
  const startsRun = (who: string, at: string, alone: boolean): boolean => {
    const when = Date.parse(at);
    const first = alone || who !== author || when - time >= RUN;
    author = alone ? null : who;
    time = when;
    return first;
  };

  let n = 0, status = "open";
  const spoken = new Set<string>();
  const noticesBefore = (seq: number): void => {
    for (let notice = of.notices[n]; notice && notice.seq < seq; notice = of.notices[++n]) {
      // Whoever answers a case follows it from then on: after their own words that they came in says nothing.
      if (notice.kind === "member.joined" && spoken.has(notice.data.person)) continue;
      // Every answer says anew how far the case is: a line is what changes.
      if (notice.kind === "case.updated") {
        const before = status;
        status = notice.data.status;
        if (status === before) continue;
      }
      newDay(notice.at);
      author = null;
      add({ type: "notice", key: `n:${notice.seq}`, event: notice });
    }
  };
  for (const { item } of of.items) {
    noticesBefore(item.seq);
    newDay(item.at);
    if (item.actor) spoken.add(item.actor.id);
    const own = item.actor?.id === of.me;
    if (!divided && of.newSince && item.seq > of.newSince.seq && !own) {
      divided = true;
      author = null;
      add({ type: "new", key: "new", at: of.newSince.at || item.at, count: of.newSince.count });
    }
    const who = `${item.actor?.id ?? ""}/${item.actor?.as ?? ""}`;
    const first = startsRun(who, item.at, item.case !== null);
    const key = own && item.client_id ? `u:${item.client_id}` : `m:${item.message}`;
    const forMe = item.mentions?.some((m) => m.person === of.me) ?? false;
    add({ type: "message", key, item, first, own, reply: quote(item.reply_to), forMe });
  }
  noticesBefore(Infinity);
  for (const entry of of.unsent) {
    // Written before the newest message came: it stands after it all the same, under the day that stands.
    if (Date.parse(entry.at) >= time) newDay(entry.at);
    add({ type: "unsent", key: `u:${entry.id}`, entry, first: startsRun(`${of.me}/`, entry.at, false), reply: quote(entry.replyTo) });
  }
  return lines;
}

function sameQuote(a: Quote | null, b: Quote | null): boolean {
  return a === b || (!!a && !!b && a.message === b.message && a.seq === b.seq && a.body === b.body && a.withheld === b.withheld && a.doubt === b.doubt);
}

function same(a: Line, b: Line): boolean {
  if (a.type === "message" && b.type === "message") return a.item === b.item && a.first === b.first && sameQuote(a.reply, b.reply);
  if (a.type === "notice" && b.type === "notice") return a.event === b.event;
  if (a.type === "unsent" && b.type === "unsent") return a.entry === b.entry && a.first === b.first && sameQuote(a.reply, b.reply);
  if (a.type === "new" && b.type === "new") return a.count === b.count && a.at === b.at;
  return a.type === "day" && b.type === "day";
}
