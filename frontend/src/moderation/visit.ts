/** Leaving a room as its moderator: on the record, as the arrival was. */
import { api, type RoomView } from "../store";
import { navigate, route } from "../router";
import { words } from "../i18n";
import { toast } from "../views/parts/announce";

export function leaveRoom(view: RoomView): void {
  const room = view.item.peek(), from = route.peek();
  api.post(`/api/v1/rooms/${view.id}/moderation`, { id: crypto.randomUUID(), type: "moderator.leave" }).then(() => {
    toast(words().moderation.leftNow);
    // Who is no member reads nothing further, and may have gone on by then.
    if (route.peek() === from && room && !room.member && room.kind !== "case") navigate("/moderation");
  }, (why: unknown) => toast(why instanceof Error ? why.message : words().shell.errorTitle));
}
