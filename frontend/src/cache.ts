/** What a person saw last on this device: the list of rooms, and the newest page of each. */
import type { MessagePage } from "./roomLog";
import type { Shelf } from "./shelf";
import type { RoomItem } from "./types";

const LIST = "rooms";
const KEPT = 30;

export class Cache {
  private shut = false;
  private readonly over = (): boolean => this.shut;

  constructor(private readonly shelf: Shelf) {}

  rooms(): Promise<RoomItem[] | undefined> {
    return this.shelf.read("cache", LIST);
  }

  /** Nothing is written any more: what closes late must not outlive a wipe. */
  end(): void {
    this.shut = true;
  }

  async saveRooms(rooms: RoomItem[]): Promise<void> {
    await this.shelf.write("cache", LIST, rooms, this.over);
  }

  page(room: string): Promise<MessagePage | undefined> {
    return this.shelf.read("cache", `page:${room}`);
  }

  async savePage(room: string, page: MessagePage): Promise<void> {
    await this.shelf.write("cache", `page:${room}`, page, this.over);
    const index = ((await this.shelf.read<string[]>("cache", "index")) ?? []).filter((r) => r !== room);
    index.push(room);
    while (index.length > KEPT) await this.shelf.remove("cache", `page:${index.shift() ?? ""}`);
    await this.shelf.write("cache", "index", index, this.over);
  }

  /** A room that was lost leaves no copy. */
  dropPage(room: string): Promise<void> {
    return this.shelf.remove("cache", `page:${room}`);
  }
}
