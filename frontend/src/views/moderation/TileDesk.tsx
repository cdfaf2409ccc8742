/** A watched room, written to from the console: one comes in first, for all to see; what is said there is read in the room itself. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { mod } from "../../i18n/console";
import { act, write } from "../../moderation/door";
import { moderating } from "../layers";
import { toast } from "../parts/announce";
import { Problem } from "../parts/atoms";
import { Icon } from "../parts/icons";
import type { Tile } from "./Tiles";

export function TileDesk({ tile, visiting, onChange }: { tile: Tile; visiting: boolean; onChange: () => void }) {
  const t = mod().console;
  const text = useSignal("");
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  /** The same words go under the same id until they have arrived. */
  const id = useRef(crypto.randomUUID());
  const run = (what: Promise<unknown>, then: () => void) => {
    busy.value = true;
    error.value = null;
    what.then(then, (why: unknown) => (error.value = why)).finally(() => (busy.value = false));
  };
  const send = (event: Event) => {
    event.preventDefault();
    if (!text.value.trim() || busy.value) return;
    const sent = id.current;
    // Other words by now go under another id, and stay.
    run(write(tile.room, sent, text.value), () => { if (id.current === sent) { text.value = ""; id.current = crypto.randomUUID(); } toast(t.writtenThere(tile.title)); onChange(); });
  };
  if (!visiting) {
    return (
      <div class="detail-part"><p class="list-size second">{t.enterFirst}</p>
        <button type="button" class="btn mod" onClick={() => (moderating.value = { kind: "enter", room: tile.room, then: onChange })}><Icon name="shield" />{t.enterHere}</button></div>
    );
  }
  return (
    <form class="detail-part" onSubmit={send}>
      <label class="label" for="tile-words">{t.writeThere(tile.title)}</label>
      <textarea class="input short" id="tile-words" dir="auto" maxLength={4000} value={text.value} onInput={(event) => { text.value = event.currentTarget.value; id.current = crypto.randomUUID(); }} />
      <div class="row"><button type="submit" class="btn primary" disabled={busy.value || !text.value.trim()}>{t.sendThere}</button><span class="grow" />
        <button type="button" class="btn" disabled={busy.value} onClick={() => run(act(tile.room, { type: "moderator.leave" }), onChange)}>{t.leaveThere}</button></div>
      <Problem error={error.value} />
    </form>
  );
}
