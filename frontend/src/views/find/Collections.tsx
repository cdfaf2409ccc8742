/** Cases put aside: my collections, and one of them opened. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { collected, collections, dropCollection, nameCollection, save, type Collection } from "../../cases/finding";
import { Refusal, type RoomItem } from "../../store";
import { findingWords } from "../../i18n/finding";
import { words } from "../../i18n";
import { Empty, Problem, Skeletons } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { Sheet } from "../parts/sheet";
import { toCases } from "./asked";
import { CaseCard, fail } from "./CaseCard";
import { usePages } from "./usePages";

type Layer = { act: "rename" | "drop"; of: Collection };

export function Collections() {
  const t = findingWords().finding;
  const list = useSignal<Collection[] | null>(null);
  const error = useSignal<unknown>(null);
  const layer = useSignal<Layer | null>(null);
  const turn = useRef(0);
  const load = () => {
    const mine = ++turn.current; // an older answer may come last
    return collections().then((all) => { if (mine === turn.current) { list.value = all; error.value = null; } }, (why: unknown) => { if (mine === turn.current) error.value = why; });
  };
  useEffect(() => void load(), []);
  return (
    <>
      <p class="second list-size intro">{t.collectionsHint}</p>
      <Name id="new-collection" label={t.newCollection} go={t.create} onName={(name) => nameCollection(crypto.randomUUID(), name).then(load)} />
      <Problem error={error.value} retry={() => void load()} />
      {!list.value && !error.value && <Skeletons rows={2} />}
      {list.value?.length === 0 && <Empty title={t.noCollection}><p>{t.emptyCollectionHint}</p></Empty>}
      <ul>
        {list.value?.map((one) => (
          <li class="found entry-row collection" key={one.collection}>
            <Icon name="star" /><a class="about" href={toCases("collections", { collection: one.collection })}><span class="name">{one.name}</span><span class="meta third">{t.count(one.cases)}</span></a>
            <div class="row"><button type="button" class="icon-btn" aria-label={t.renameOf(one.name)} title={t.rename} onClick={() => (layer.value = { act: "rename", of: one })}><Icon name="edit" /></button>
              <button type="button" class="icon-btn" aria-label={t.dropOf(one.name)} title={t.drop} onClick={() => (layer.value = { act: "drop", of: one })}><Icon name="trash" /></button></div>
          </li>
        ))}
      </ul>
      {layer.value && <Changing layer={layer.value} onClose={() => (layer.value = null)} onDone={load} />}
    </>
  );
}

function Changing({ layer: { act, of }, onClose, onDone }: { layer: Layer; onClose: () => void; onDone: () => Promise<void> }) {
  const t = findingWords().finding;
  const busy = useSignal(false);
  const drop = () => { busy.value = true; dropCollection(of.collection).then(onDone).then(onClose, (why: unknown) => { busy.value = false; fail(why); }); };
  if (act === "rename") {
    return <Sheet title={t.rename} onClose={onClose}><Name id="rename-collection" label={t.collectionName} go={t.rename} from={of.name} onName={(name) => nameCollection(of.collection, name).then(onDone).then(onClose)} /></Sheet>;
  }
  return (
    <Sheet title={t.drop} onClose={onClose}>
      <div class="col"><p>{t.dropSure(of.name)}</p>
        <button type="button" class="btn danger tall" disabled={busy.value} onClick={drop}>{t.drop}</button>
        <button type="button" class="btn tall" onClick={onClose}>{words().shell.cancel}</button></div>
    </Sheet>
  );
}

function Name({ id, label, go, from = "", onName }: { id: string; label: string; go: string; from?: string; onName: (name: string) => Promise<unknown> }) {
  const name = useSignal(from);
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  const submit = (event: Event) => {
    event.preventDefault();
    const typed = name.value, called = typed.trim();
    if (!called || busy.value) return;
    busy.value = true;
    onName(called).then(() => { if (name.peek() === typed) name.value = from; error.value = null; }, (why: unknown) => { error.value = why; }).finally(() => (busy.value = false));
  };
  return (
    <form class="make" onSubmit={submit}>
      <div class="input-block grow"><label for={id}>{label}</label><input class="input" id={id} maxLength={80} value={name.value} autocomplete="off" onInput={(event) => (name.value = event.currentTarget.value)} /></div>
      <button type="submit" class="btn" disabled={!name.value.trim() || busy.value}>{go}</button>
      <Problem error={error.value} />
    </form>
  );
}

export function OneCollection({ id }: { id: string }) {
  const t = findingWords().finding;
  const found = usePages<RoomItem>((next, stop) => collected(id, next, stop), id, 0);
  const called = useSignal("");
  useEffect(() => void collections().then((all) => (called.value = all.find((one) => one.collection === id)?.name ?? ""), () => undefined), [id]); // the cases say what went wrong
  const list = found.items.value;
  const out = (room: RoomItem) => void save(id, room.id, false).then(found.again, fail);
  const gone = found.error.value instanceof Refusal && found.error.value.code === "collection.not_found";
  return (
    <>
      <div class="row collection-head"><a class="icon-btn" href={toCases("collections")} aria-label={t.backToAll} title={t.backToAll}><Icon name="back" /></a><h2>{called.value}</h2></div>
      {gone ? <Empty title={t.gone} /> : <Problem error={found.error.value} retry={found.again} />}
      {!list && !found.error.value && <Skeletons />}
      {list?.length === 0 && <Empty title={t.emptyCollection}><p>{t.emptyCollectionHint}</p></Empty>}
      {list?.map((room, at) => (
        <CaseCard room={room} at={at} of={found.next.value ? -1 : list.length} key={room.id}>
          <button type="button" class="link reach" aria-label={t.takeOutOf(room.title)} onClick={() => out(room)}><Icon name="close" size="small" />{t.takeOut}</button>
        </CaseCard>
      ))}
      {found.next.value && <button type="button" class="btn" onClick={found.more}>{words().shell.moreResults}</button>}
    </>
  );
}
