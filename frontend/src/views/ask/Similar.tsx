/** Cases like the one being asked: perhaps it has its answer already. Told where it moves nothing under a thumb. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { similar } from "../../cases/asking";
import { session, type RoomItem } from "../../store";
import { askingWords } from "../../i18n/asking";
import { Item } from "../list/RoomList";
import { Icon } from "../parts/icons";
import { Sheet } from "../parts/sheet";

/** A pause in writing, in ms, and the fewest letters that say what is asked. */
const WAIT = 700, LEAST = 12;

export function Similar({ title, question }: { title: string; question: string }) {
  const t = askingWords();
  const found = useSignal<RoomItem[]>([]);
  const open = useSignal(false);
  const enough = title.length >= LEAST;
  useEffect(() => {
    if (!enough) { found.value = []; return; }
    const stop = new AbortController();
    const timer = setTimeout(() => similar(title, question, stop.signal).then((list) => (found.value = list), () => undefined), WAIT); // what was found before still stands; it is an offer
    return () => { clearTimeout(timer); stop.abort(); };
  }, [title, question, enough]);
  const me = session.value.me!.id;
  return (
    <div role="status">
      {found.value.length > 0 && <button type="button" class="link reach" aria-haspopup="dialog" onClick={() => (open.value = true)}><Icon name="cases" size="small" /> {t.similar(found.value.length)}</button>}
      {open.value && (
        <Sheet title={t.similar(found.value.length)} onClose={() => (open.value = false)}>
          <p class="meta third">{t.similarHint}</p>
          <ul>{found.value.map((room) => <li class="found" key={room.id}><Item room={room} me={me} /></li>)}</ul>
        </Sheet>
      )}
    </div>
  );
}
