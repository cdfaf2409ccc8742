/** Into which of my collections a case goes; a new one can be made here. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { collections, nameCollection, save, type Collection } from "../../cases/finding";
import { findingWords } from "../../i18n/finding";
import { Problem, Skeletons } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { Sheet } from "../parts/sheet";
import "../parts/fold.css";
import "./finding.css";

export function Keep({ room, onClose }: { room: string; onClose: () => void }) {
  const t = findingWords().finding;
  const list = useSignal<Collection[] | null>(null);
  const error = useSignal<unknown>(null);
  const name = useSignal("");
  const busy = useSignal(false);
  const load = () => collections(room).then((all) => { list.value = all; error.value = null; }, (why: unknown) => { error.value = why; });
  useEffect(() => void load(), []);
  const act = (run: Promise<unknown>) => {
    busy.value = true;
    run.then(load, (why: unknown) => { error.value = why; }).finally(() => (busy.value = false));
  };
  const make = (event: Event) => {
    event.preventDefault();
    const id = crypto.randomUUID();
    const typed = name.value, called = typed.trim();
    if (!called || busy.value) return;
    act(nameCollection(id, called).then(() => save(id, room, true)).then(() => { if (name.peek() === typed) name.value = ""; }));
  };
  return (
    <Sheet title={t.keepTitle} onClose={onClose}><div class="keep-in">
      <Problem error={error.value} retry={() => void load()} />
      {!list.value && !error.value && <Skeletons rows={2} />}
      {list.value && list.value.length > 0 && (
        <ul class="keep-list">
          {list.value.map((one) => (
            <li key={one.collection}><label class="tick-row"><input type="checkbox" checked={one.holds} disabled={busy.value} onChange={(event) => act(save(one.collection, room, event.currentTarget.checked))} />
              <span class="grow">{one.name}</span><span class="meta third">{t.count(one.cases)}</span></label></li>
          ))}
        </ul>
      )}
      <form class="make" onSubmit={make}>
        <div class="input-block grow"><label for="keep-name">{t.newCollection}</label><input class="input" id="keep-name" maxLength={80} value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} autocomplete="off" /></div>
        <button type="submit" class="btn" disabled={!name.value.trim() || busy.value}><Icon name="plus" />{t.create}</button>
      </form>
      <p class="meta third">{t.collectionsHint}</p>
      <button type="button" class="btn primary tall" onClick={onClose}>{t.done}</button>
    </div></Sheet>
  );
}
