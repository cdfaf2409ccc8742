/** Brings pages of messages into one open room's window, and the single messages that it lacks. */
import { query, Refusal, type Api } from "./api";
import type { MessageItem } from "./protocol";
import type { MessagePage, PageKind, RoomLog } from "./roomLog";

export interface WindowPagesOptions {
  room: string;
  api: Api;
  log(): RoomLog;
  /** The window changed. */
  loaded(): void;
  failed(refusal: Refusal): void;
  /** The page is of another life of the log: entering says which is true. */
  otherEpoch(): void;
}
type Params = Record<string, number | undefined>;

const FIRST_PAGE = 100, PAGE = 200, STALE_TRIES = 3;

export class WindowPages {
  private turn = 0;
  private under = new Map<PageKind, Promise<boolean>>();
  private asked = new Set<string>();
  private closed = false;

  constructor(private readonly o: WindowPagesOptions) {}

  newest(): Promise<boolean> {
    return this.load("replace", { limit: FIRST_PAGE });
  }

  /** Whether this page was put in place: it may fail, and a newer wish replaces it. */
  around(seq: number, limit = FIRST_PAGE): Promise<boolean> {
    return this.load("replace", { around: seq, limit });
  }

  before(): Promise<boolean> {
    const log = this.o.log();
    return log.loaded && log.moreBefore ? this.load("before", { before: log.from, limit: PAGE }, log.from) : Promise.resolve(false);
  }

  after(): Promise<boolean> {
    const log = this.o.log();
    return log.loaded && !log.live ? this.load("after", { after: log.to, limit: PAGE }, log.to) : Promise.resolve(false);
  }

  close(): void {
    this.closed = true;
  }

  /** One page of a kind at a time; but the newest wish to see another place replaces an older one. */
  private load(kind: PageKind, params: Params, edge?: number): Promise<boolean> {
    const under = kind === "replace" ? undefined : this.under.get(kind);
    if (under) return under;
    const work = this.fetch(kind, params, edge).finally(() => {
      if (this.under.get(kind) === work) this.under.delete(kind);
    });
    this.under.set(kind, work);
    return work;
  }

  private async fetch(kind: PageKind, params: Params, edge?: number): Promise<boolean> {
    const turn = kind === "replace" ? ++this.turn : this.turn;
    const late = (): boolean => this.closed || turn !== this.turn;
    let placed = false;
    try {
      for (let i = 0; i < STALE_TRIES; i++) {
        const page = await this.o.api.get<MessagePage>(query(`/api/v1/rooms/${this.o.room}/messages`, params));
        if (late()) return false;
        const how = this.o.log().load(kind, page, edge);
        if (how === "stale") continue;
        if (how === "epoch") this.o.otherEpoch();
        placed = how === "ok";
        break;
      }
      this.o.loaded();
    } catch (error) {
      if (late()) return false;
      if (!(error instanceof Refusal)) throw error;
      this.o.failed(error);
    }
    return placed;
  }

  /** Quoted messages outside the window, and messages whose words came back. */
  async readMissing(): Promise<void> {
    const log = this.o.log();
    const again = [...log.wanted].map((id) => log.find(id)).filter((item) => item !== undefined);
    log.wanted.clear();
    const quoted = log.items.map(({ item }) => item.reply_to).filter((id) => id !== null && !log.find(id) && !this.asked.has(id)) as string[];
    for (const id of quoted) this.asked.add(id);
    // What could not be read for now is asked for with the next change of the room.
    const later = (want: () => unknown) => (error: unknown) => { if (!(error instanceof Refusal) || error.temporary) want(); };
    await Promise.all([
      ...again.map((item) => this.again(item).catch(later(() => log.wanted.add(item.message)))),
      ...quoted.map((id) => this.quoted(id).catch(later(() => this.asked.delete(id)))),
    ]);
  }

  private async quoted(id: string): Promise<void> {
    const log = this.o.log(), asOf = log.order.tip;
    const item = await this.o.api.get<MessageItem>(`/api/v1/messages/${id}`);
    if (this.closed || log.find(id)) return; // a page brought it meanwhile, and says of which moment it is
    log.refresh(item, asOf);
    this.o.loaded();
  }

  /** Through a page, since only a page says of which moment it is. */
  private async again(item: MessageItem): Promise<void> {
    const page = await this.o.api.get<MessagePage>(query(`/api/v1/rooms/${this.o.room}/messages`, { around: item.seq, limit: 2 }));
    const fresh = page.messages.find((m) => m.message === item.message), log = this.o.log();
    if (!fresh || this.closed || page.as_of.epoch !== log.order.epoch) return;
    log.refresh(fresh, page.as_of.seq);
    this.o.loaded();
  }
}
