/** What a person saw last on this device: the list of rooms, and the newest page of each. */
import { read, remove, write } from "./db";
import type { MessagePage } from "./roomLog";
import type { RoomItem } from "./types";

const LIST = "rooms";
const KEPT = 30;

export class Cache {
  private shut = false;

  constructor(private readonly db: IDBDatabase) {}

  rooms(): Promise<RoomItem[] | undefined> {
    return read(this.db, "cache", LIST);
  }

  /** Nothing is written any more: what closes late must not outlive a wipe. */
  end(): void {
    this.shut = true;
  }

  async saveRooms(rooms: RoomItem[]): Promise<void> {
    if (this.shut) return;
    await write(this.db, "cache", LIST, rooms);
  }

  page(room: string): Promise<MessagePage | undefined> {
    return read(this.db, "cache", `page:${room}`);
  }

  async savePage(room: string, page: MessagePage): Promise<void> {
    if (this.shut) return;
    await write(this.db, "cache", `page:${room}`, page);
    const index = ((await read<string[]>(this.db, "cache", "index")) ?? []).filter((r) => r !== room);
    if (this.shut) return;
    index.push(room);
    while (index.length > KEPT) await remove(this.db, "cache", `page:${index.shift() ?? ""}`);
    await write(this.db, "cache", "index", index);
  }

  /** A room that was lost leaves no copy. */
  dropPage(room: string): Promise<void> {
    return remove(this.db, "cache", `page:${room}`);
  }
}
