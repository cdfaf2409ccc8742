/** One case found: its line as in the list of rooms, why it is here, and what can be done with it without opening it. */
import type { ComponentChildren } from "preact";
import { useSignal } from "@preact/signals";
import { join, leave, rooms, session, type RoomItem } from "../../store";
import { findingWords } from "../../i18n/finding";
import { words } from "../../i18n";
import { say, toast } from "../parts/announce";
import { Icon } from "../parts/icons";
import { Item } from "../list/RoomList";
import type { Reason } from "../../cases/finding";
import { Keep } from "./Keep";

export const fail = (error: unknown): void => toast(error instanceof Error && error.message ? error.message : words().shell.errorTitle);

interface Props { room: RoomItem; at: number; of: number; reasons?: Reason[]; children?: ComponentChildren }

export function CaseCard({ room: found, at, of, reasons = [], children }: Props) {
  const t = findingWords();
  const me = session.value.me?.id ?? "";
  // What is in the list of rooms is live.
  const room = rooms.value.find((one) => one.id === found.id) ?? found;
  const keeping = useSignal(false);
  const busy = useSignal(false);
  /** Since it was found; null: as the list has it. */
  const turned = useSignal<boolean | null>(null);
  const following = turned.value ?? room.member;
  // What has found its answer is no longer wanted by an hour.
  const why = reasons.filter((one) => one !== "urgent" || room.case?.status === "open" || room.case?.status === "answered");
  const mine = room.case?.author?.id === me;
  const turn = () => {
    busy.value = true;
    const to = !following;
    (to ? join(room.id) : leave(room.id)).then(() => { turned.value = to; say(to ? t.finding.followed : t.finding.unfollow); }, fail).finally(() => (busy.value = false));
  };
  return (
    <article class="found case-found" aria-label={room.title || words().room.caseGone} aria-setsize={of} aria-posinset={at + 1}>
      <Item room={room} me={me} />
      <div class="case-more">
        {why.length > 0 && <p class="meta third">{t.finding.because(why.map((one) => t.reasons[one === "urgent" && room.case?.urgency === "hour" ? "hour" : one]).join(", "))}</p>}
        <div class="row">
          {!mine && <button type="button" class="link reach" aria-pressed={following} aria-label={following ? t.finding.followedCase(room.title) : t.finding.followCase(room.title)} disabled={busy.value} onClick={turn}><Icon name={following ? "check" : "plus"} size="small" />{following ? t.finding.followed : t.finding.follow}</button>}
          <button type="button" class="link reach" aria-haspopup="dialog" aria-label={t.finding.keepCase(room.title)} onClick={() => (keeping.value = true)}><Icon name="star" size="small" />{t.finding.keep}</button>
          {children}
        </div>
      </div>
      {keeping.value && <Keep room={room.id} onClose={() => (keeping.value = false)} />}
    </article>
  );
}
