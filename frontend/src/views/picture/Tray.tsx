/** The pictures that go with the next message: each passes the editor first, is brought in pieces, and says what was left behind. */
import { signal, useSignal, type Signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { settled, upload, type Picture } from "../../pictures/upload";
import type { Edit, Mark } from "../../pictures/shapes";
import { api, Refusal } from "../../store";
import { pictureWords } from "../../i18n/pictures";
import { Icon } from "../parts/icons";
import { Editor } from "./Editor";
import "./tray.css";

export const MOST = 6;

interface Item {
  id: string;
  /** As it was taken: to be changed anew, and never sent from here. */
  file: Blob;
  /** What goes: the masked picture, or the file itself where nothing was masked. */
  prepared: Blob;
  edit: Edit | undefined;
  marks: Mark[];
  src: Signal<string>;
  share: Signal<number>;
  picture: Signal<Picture | null>;
  error: Signal<Refusal | null>;
  end: AbortController;
}
export interface Chosen { images: string[]; marks: Map<string, Mark[]> }

interface Props {
  /** New files to take in; the tray empties it. */
  files: Signal<File[]>;
  /** null while one of them cannot go yet. */
  chosen: Signal<Chosen | null>;
  /** Counts up when the message was sent: the tray starts anew. */
  sent: number;
}

export default function Tray({ files, chosen, sent }: Props) {
  const t = pictureWords();
  const items = useSignal<Item[]>([]);
  const queue = useSignal<{ file: Blob; of?: Item }[]>([]);
  const over = useSignal(false);

  useEffect(() => {
    if (!files.value.length) return;
    const room = MOST - items.peek().length - queue.peek().length;
    over.value = files.value.length > room;
    queue.value = [...queue.peek(), ...files.value.slice(0, Math.max(0, room)).map((file) => ({ file }))];
    files.value = [];
  }, [files.value]);
  useEffect(() => { if (sent) { items.value.forEach((one) => URL.revokeObjectURL(one.src.value)); items.value = []; } }, [sent]);
  useEffect(() => () => items.peek().forEach((one) => { one.end.abort(); URL.revokeObjectURL(one.src.peek()); }), []);
  const settledAll = items.value.every((one) => one.picture.value && ["ready", "held"].includes(one.picture.value.state)) && !queue.value.length;
  useEffect(() => {
    chosen.value = settledAll ? { images: items.value.map((one) => one.picture.value!.image), marks: new Map(items.value.map((one) => [one.picture.value!.image, one.marks])) } : null;
  }, [settledAll, items.value]);

  const send = (item: Item) => {
    item.error.value = null;
    upload({ api, file: item.prepared, id: item.id, moved: (bytes) => (item.share.value = bytes / item.prepared.size), signal: item.end.signal }).then(
      (picture) => { item.picture.value = picture; items.value = [...items.value]; },
      (error: unknown) => { if (!item.end.signal.aborted) item.error.value = error instanceof Refusal ? error : new Refusal({ code: "network.unreachable" }); },
    );
  };
  const take = (file: Blob, prepared: Blob, marks: Mark[], edit: Edit | undefined, instead?: Item) => {
    if (instead) drop(instead);
    const item: Item = {
      id: crypto.randomUUID(), file, prepared, edit, marks, src: signal(URL.createObjectURL(prepared)), share: signal(0), picture: signal(null), error: signal(null), end: new AbortController(),
    };
    items.value = [...items.value, item];
    send(item);
    queue.value = queue.value.slice(1);
  };
  const drop = (item: Item) => {
    item.end.abort();
    URL.revokeObjectURL(item.src.value);
    const image = item.picture.value?.image;
    if (image) void api.delete(`/api/v1/images/${image}`).catch(() => undefined); // it expires by itself
    items.value = items.value.filter((one) => one !== item);
  };
  const release = async (item: Item, reason: string) => {
    const image = item.picture.value!.image;
    await api.post(`/api/v1/images/${image}/release`, { reason });
    item.picture.value = await settled(api, image, item.end.signal);
    items.value = [...items.value];
  };

  const first = queue.value[0];
  return (
    <>
      {items.value.length > 0 && (
        <ul class="tray" aria-label={t.tray}>
          {items.value.map((item) => <Waiting item={item} key={item.id} onDrop={() => drop(item)} onAgain={() => send(item)} onRelease={(why) => release(item, why)}
            onChange={() => (queue.value = [{ file: item.file, of: item }, ...queue.value])} />)}
        </ul>
      )}
      {over.value && <p class="meta" role="status">{t.most}</p>}
      {first && <Editor key={queue.value.length} file={first.file} {...(first.of?.edit ? { edit: first.of.edit } : {})}
        onDone={({ file, marks, edit }) => take(first.file, file, marks, edit, first.of)} onClose={() => (queue.value = queue.value.slice(1))} />}
    </>
  );
}

function Waiting({ item, onDrop, onAgain, onChange, onRelease }: { item: Item; onDrop: () => void; onAgain: () => void; onChange: () => void; onRelease: (why: string) => Promise<void> }) {
  const t = pictureWords();
  const asking = useSignal(false);
  const why = useSignal("");
  const failed = useSignal<string | null>(null);
  const picture = item.picture.value;
  const refusal = item.error.value ?? (picture?.refusal ? new Refusal(picture.refusal) : null);
  const percent = Math.round(item.share.value * 100);
  const said = useMemo(() => picture?.removed?.map((one) => one.words).join(", ") ?? "", [picture]);
  const show = async () => {
    try { await onRelease(why.value.trim()); asking.value = false; } catch (error) { failed.value = error instanceof Error ? error.message : String(error); }
  };
  return (
    <li>
      <img src={item.src.value} alt="" />
      <div class="grow">
        {refusal ? <p class="problem" role="alert">{refusal.message || refusal.code}</p>
          : !picture ? <p role="status">{percent < 100 ? t.sending(percent) : t.working}<progress max="100" value={percent} aria-hidden="true" /></p>
          : picture.state === "held" ? <p role="status">{t.held}</p>
          : <p>{said ? t.removed(said) : t.removedNone}</p>}
        <div class="row wrap">
          {refusal && item.error.value && <button type="button" class="link reach" onClick={onAgain}>{t.again}</button>}
          {picture && !refusal && <button type="button" class="link reach" onClick={onChange}>{picture.state === "held" ? t.heldMask : t.change}</button>}
          {picture?.state === "held" && !asking.value && <button type="button" class="link reach" onClick={() => (asking.value = true)}>{t.heldShow}</button>}
        </div>
        {asking.value && (
          <form class="row wrap" onSubmit={(event) => { event.preventDefault(); void show(); }}>
            <label class="grow">{t.heldWhy}<input required maxLength={200} value={why.value} onInput={(event) => (why.value = event.currentTarget.value)} /></label>
            <button type="submit" class="btn" disabled={!why.value.trim()}>{t.heldGo}</button>
            {failed.value && <p class="problem" role="alert">{failed.value}</p>}
          </form>
        )}
      </div>
      <button type="button" class="icon-btn" aria-label={t.takeAway} title={t.takeAway} onClick={onDrop}><Icon name="trash" /></button>
    </li>
  );
}
