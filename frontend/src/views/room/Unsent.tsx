/** What was written and has not arrived yet: nothing typed is lost, and its state is said. */
import type { Line, RoomView } from "../../store";
import { session } from "../../store";
import { words } from "../../i18n";
import { clock } from "../../i18n/time";
import { standing, Verified } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { Body } from "./Body";
import { QuoteLine } from "./Message";

export function Unsent({ line, view, active, onJump }: { line: Extract<Line, { type: "unsent" }>; view: RoomView; active: boolean; onJump: (seq: number) => void }) {
  const t = words().room;
  const { entry, first, reply } = line;
  const me = session.value.me;
  const tab = active ? 0 : -1;
  const told = me && standing(me);
  return (
    <article class={`msg own${first ? "" : " run"}`} data-key={line.key} tabIndex={tab} aria-label={`${t.youSaid}, ${t[entry.state === "failed" ? "failed" : entry.state === "queued" ? "waiting" : "sending"]}`}>
      <span class="at"><time dateTime={entry.at}>{clock(entry.at)}</time></span>
      <div class="said">
        {first && me && <div class="who"><span class="name">{me.name}</span><Verified />{told && <span class="standing">{told}</span>}<span class="meta third">{t.you}</span></div>}
        {reply && <QuoteLine reply={reply} tab={tab} onJump={onJump} />}
        <Body body={entry.body} mentions={entry.mentions} tab={tab} />
        {entry.state === "failed" ? (
          <div class="sent-state failed" role="alert">
            <Icon name="alert" size="small" /><span>{t.failed}</span>
            <button type="button" onClick={() => void view.retry(entry.id)}>{words().shell.retry}</button>
            <button type="button" class="plain" onClick={() => void view.discard(entry.id)}>{t.delete}</button>
            {entry.message && <span class="why">{entry.message}</span>}
          </div>
        ) : (
          <div class="sent-state sending"><Icon name="clock" size="small" /><span>{entry.state === "sending" ? t.sending : t.waiting}</span></div>
        )}
      </div>
    </article>
  );
}
