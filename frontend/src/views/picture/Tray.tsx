/** The pictures that go with the next message or question: each passes the editor first, is brought in pieces, and says what was left behind. */
import { signal, useSignal, type Signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { look, settled, upload, type Picture } from "../../pictures/upload";
import type { Edit, Mark } from "../../pictures/shapes";
import { api, Refusal } from "../../store";
import { pictureWords } from "../../i18n/pictures";
import { Problem } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { MOST, type Chosen, type Kept } from "./chosen";
import { Describe } from "./Describe";
import { Editor } from "./Editor";
import { Release } from "./Release";
import "./tray.css";

interface Item {
  id: string;
  /** As it was taken: to be changed anew, and never sent from here. null where only the server can show it: it is changed from there. */
  file: Blob | null;
  /** What goes: the masked picture, or the file itself where nothing was masked. */
  prepared: Blob | null;
  edit: Edit | undefined;
  marks: Mark[];
  /** Of the prepared picture; empty where this browser cannot show it. */
  src: string;
  share: Signal<number>;
  picture: Signal<Picture | null>;
  error: Signal<Refusal | null>;
  /** What it shows, in words that the server has; null: being written. */
  described: Signal<string | null>;
  end: AbortController;
}

interface Props {
  /** New files to take in; the tray empties it. */
  files: Signal<File[]>;
  /** null while one of them cannot go yet. */
  chosen: Signal<Chosen | null>;
  /** Counts up when the message was sent: the tray starts anew. */
  sent: number;
  /** Those that an earlier page brought, and how to keep those of now. */
  kept?: Kept[];
  onKept?: (some: Kept[]) => void;
}

const settledIn = (one: Item) => !!one.picture.value && ["ready", "held"].includes(one.picture.value.state);

export default function Tray({ files, chosen, sent, kept = [], onKept }: Props) {
  const t = pictureWords();
  const items = useSignal<Item[]>([]);
  const queue = useSignal<{ file: Blob; of?: Item }[]>([]);
  const over = useSignal(false);
  const lost = useSignal(0);
  /** What an earlier page brought is being asked for. */
  const asking = useSignal(kept.length > 0);

  const unasked = useSignal<unknown>(null);
  const round = useSignal(0);

  useEffect(() => {
    if (!asking.peek()) return;
    const end = new AbortController();
    unasked.value = null;
    look(api, kept.map((one) => one.image)).then(({ images }) => {
      if (end.signal.aborted) return;
      const there = kept.flatMap((one) => images.find((found) => found.image === one.image && ["working", "ready", "held"].includes(found.state)) ?? []);
      lost.value = kept.length - there.length;
      items.value = [...there.map((picture) => restored(picture, kept)), ...items.peek()];
      asking.value = false;
      for (const item of items.peek()) if (item.picture.peek()?.state === "working") follow(item);
    }, (why: unknown) => { if (!end.signal.aborted) unasked.value = why; });
    return () => end.abort();
  }, [round.value]);
  useEffect(() => {
    if (!files.value.length) return;
    const room = MOST - items.peek().length - queue.peek().length;
    over.value = files.value.length > room;
    queue.value = [...queue.peek(), ...files.value.slice(0, Math.max(0, room)).map((file) => ({ file }))];
    files.value = [];
  }, [files.value]);
  useEffect(() => { if (sent) { items.value.forEach(free); items.value = []; } }, [sent]);
  useEffect(() => () => items.peek().forEach((one) => { one.end.abort(); free(one); }), []);
  const settledAll = !asking.value && items.value.every((one) => settledIn(one) && one.described.value !== null) && !queue.value.length;
  useEffect(() => {
    chosen.value = settledAll ? { images: items.value.map((one) => one.picture.value!.image), marks: new Map(items.value.map((one) => [one.picture.value!.image, one.marks])) } : null;
  }, [settledAll, items.value]);
  useEffect(() => {
    if (!asking.value) onKept?.(items.value.filter(settledIn).map((one) => ({ image: one.picture.value!.image, marks: one.marks })));
  }, [items.value, asking.value]);

  const came = (item: Item, picture: Picture) => { item.picture.value = picture; items.value = [...items.value]; };
  const failed = (item: Item, error: unknown) => { if (!item.end.signal.aborted) item.error.value = error instanceof Refusal ? error : new Refusal({ code: "network.unreachable" }); };
  const follow = (item: Item) => { settled(api, item.picture.value!.image, item.end.signal).then((picture) => came(item, picture), (error: unknown) => failed(item, error)); };
  const send = (item: Item) => {
    const file = item.prepared;
    item.error.value = null;
    if (!file) return;
    upload({ api, file, id: item.id, moved: (bytes) => (item.share.value = bytes / file.size), signal: item.end.signal }).then((picture) => came(item, picture), (error: unknown) => failed(item, error));
  };
  const take = (file: Blob | null, prepared: Blob, marks: Mark[], edit: Edit | undefined, instead?: Item) => {
    if (instead) drop(instead);
    const item: Item = {
      id: crypto.randomUUID(), file, prepared, edit, marks, src: file ? URL.createObjectURL(prepared) : "", share: signal(0), picture: signal(null), error: signal(null),
      described: signal(""), end: new AbortController(),
    };
    items.value = [...items.value, item];
    send(item);
    queue.value = queue.value.slice(1);
  };
  const drop = (item: Item) => {
    item.end.abort();
    free(item);
    const image = item.picture.value?.image;
    if (image) void api.delete(`/api/v1/images/${image}`).catch(() => undefined); // it expires by itself
    items.value = items.value.filter((one) => one !== item);
  };
  const change = async (item: Item) => {
    try {
      const file = item.file ?? await pixels(item.picture.value!.image, item.end.signal);
      queue.value = [{ file, of: item }, ...queue.value];
    } catch (error) {
      failed(item, error);
    }
  };
  const release = async (item: Item, reason: string) => {
    const image = item.picture.value!.image;
    await api.post(`/api/v1/images/${image}/release`, { reason });
    came(item, await settled(api, image, item.end.signal));
  };

  const first = queue.value[0];
  return (
    <>
      {items.value.length > 0 && (
        <ul class="tray" aria-label={t.tray}>
          {items.value.map((item, at) => <Waiting item={item} at={at + 1} key={item.id} onDrop={() => drop(item)} onAgain={() => send(item)} onRelease={(why) => release(item, why)} onChange={() => void change(item)} />)}
        </ul>
      )}
      <Problem error={unasked.value} retry={() => round.value++} />
      {lost.value > 0 && <p class="meta" role="status">{t.expired(lost.value)}</p>}
      {over.value && <p class="meta" role="status">{t.most}</p>}
      {first && <Editor key={queue.value.length} file={first.file} {...(first.of?.edit ? { edit: first.of.edit } : {})}
        onDone={({ file, marks, edit, unread }) => take(unread ? null : first.file, file, marks, edit, first.of)} onClose={() => (queue.value = queue.value.slice(1))} />}
    </>
  );
}

const free = (item: Item) => { if (item.src) URL.revokeObjectURL(item.src); };

function restored(picture: Picture, kept: Kept[]): Item {
  const marks = kept.find((one) => one.image === picture.image)?.marks ?? [];
  return { id: picture.image, file: null, prepared: null, edit: undefined, marks, src: "", share: signal(1), picture: signal(picture), error: signal(null), described: signal(picture.description ?? ""), end: new AbortController() };
}

/** The largest of its clean sizes, as the server made it: what this browser could not open it can mask now. */
async function pixels(image: string, signal: AbortSignal): Promise<Blob> {
  const answer = await fetch(`/api/v1/images/${image}/zoom`, { signal, cache: "no-store" });
  if (!answer.ok) throw new Refusal({ code: "image.not_found", message: pictureWords().lost }, answer.status);
  return answer.blob();
}

function Waiting({ item, at, onDrop, onAgain, onChange, onRelease }: { item: Item; at: number; onDrop: () => void; onAgain: () => void; onChange: () => void; onRelease: (why: string) => Promise<void> }) {
  const t = pictureWords();
  const asking = useSignal(false);
  const describing = useSignal(false);
  const picture = item.picture.value;
  const refusal = item.error.value ?? (picture?.refusal ? new Refusal(picture.refusal) : null);
  const percent = Math.round(item.share.value * 100);
  const said = useMemo(() => picture?.removed?.map((one) => one.words).join(", ") ?? "", [picture]);
  const src = item.src || (picture?.sizes.list ? `/api/v1/images/${picture.image}/list` : "");
  return (
    <li>
      {src ? <img src={src} alt={item.described.value || t.nth(at)} /> : <span class="no-sight"><Icon name="photo" /></span>}
      <div class="grow">
        {refusal ? <p class="problem" role="alert">{refusal.message || refusal.code}</p>
          : !picture ? <p role="status">{percent < 100 ? t.sending(percent) : t.working}<progress max="100" value={percent} aria-hidden="true" /></p>
          : picture.state === "working" ? <p role="status">{t.working}</p>
          : picture.state === "held" ? <p role="status">{t.held}</p>
          : <p>{said ? t.removed(said) : t.removedNone}</p>}
        {picture?.state === "ready" && !item.file && item.prepared && <p class="strong">{t.maskNow}</p>}
        <div class="row wrap">
          {refusal && item.error.value && item.prepared && <button type="button" class="link reach" onClick={onAgain}>{t.again}</button>}
          {picture && !refusal && <button type="button" class="link reach" onClick={onChange}>{picture.state === "held" ? t.heldMask : t.change}</button>}
          {picture?.state === "held" && !asking.value && <button type="button" class="link reach" onClick={() => (asking.value = true)}>{t.heldShow}</button>}
          {picture && !refusal && !describing.value && <button type="button" class="link reach" onClick={() => (describing.value = true)}>{item.described.value ? t.describeAnew : t.describe}</button>}
        </div>
        {asking.value && <Release onRelease={(why) => onRelease(why).then(() => { asking.value = false; })} />}
        {picture && describing.value && <Describe image={picture.image} at={at} described={item.described} />}
        {!describing.value && item.described.value && <p class="meta">{item.described.value}</p>}
      </div>
      <button type="button" class="icon-btn" aria-label={t.takeAway} title={t.takeAway} onClick={onDrop}><Icon name="trash" /></button>
    </li>
  );
}
