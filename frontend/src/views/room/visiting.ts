/** Whether the person who looks is in this room as a moderator. */
import { session, type RoomView } from "../../store";

export const visits = (view: RoomView): boolean => !!view.state.value?.moderators.some((one) => one.id === session.value.me?.id);
