/** What a person saw last on this device: the list of rooms, and the newest page of each. */
import { read, remove, write } from "./db";
import type { MessagePage } from "./roomLog";
import type { RoomItem } from "./types";

const LIST = "rooms";
const KEPT = 30;

export class Cache {
  constructor(private readonly db: IDBDatabase) {}

  rooms(): Promise<RoomItem[] | undefined> {
    return read(this.db, "cache", LIST);
  }

  saveRooms(rooms: RoomItem[]): Promise<void> {
    return write(this.db, "cache", LIST, rooms);
  }

  page(room: string): Promise<MessagePage | undefined> {
    return read(this.db, "cache", `page:${room}`);
  }

  async savePage(room: string, page: MessagePage): Promise<void> {
    await write(this.db, "cache", `page:${room}`, page);
    const index = ((await read<string[]>(this.db, "cache", "index")) ?? []).filter((r) => r !== room);
    index.push(room);
    while (index.length > KEPT) await remove(this.db, "cache", `page:${index.shift() ?? ""}`);
    await write(this.db, "cache", "index", index);
  }

  /** A room that was lost leaves no copy. */
  dropPage(room: string): Promise<void> {
    return remove(this.db, "cache", `page:${room}`);
  }
}
