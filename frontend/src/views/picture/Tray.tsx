/** The pictures that go with the next message or question: each passes the editor first, is brought in pieces, and says what was left behind. */
import { signal, useSignal, type Signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { look, seenIn, settled, upload, type Picture } from "../../pictures/upload";
import type { Edit } from "../../pictures/shapes";
import type { Drawn } from "../../pictures/laying";
import type { Kept } from "../../pictures/kept";
import { api, forgetPictures, keepPicture, keptPicture, Refusal } from "../../store";
import { pictureWords } from "../../i18n/pictures";
import { Problem } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { MOST, type Chosen } from "./chosen";
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
  marks: Drawn[];
  /** Of the prepared picture; empty where this browser cannot show it. */
  src: string;
  share: Signal<number>;
  picture: Signal<Picture | null>;
  error: Signal<Refusal | null>;
  /** What it shows, in words that the server has; null: being written. */
  described: Signal<string | null>;
  /** Whether its bytes lie on this device until the server has them; null: they need not, or not any more. */
  kept: Signal<boolean | null>;
  end: AbortController;
}

interface Props {
  /** New files to take in; the tray empties it. */
  files: Signal<File[]>;
  /** null while one of them cannot go yet. */
  chosen: Signal<Chosen | null>;
  /** Counts up when the message was sent: the tray starts anew. */
  sent: number;
  /** Those of an earlier page, and how to keep those of now: the server's by their ids, those on their way by their client ids. */
  kept?: Kept[];
  onKept?: (some: Kept[]) => void;
}

const imageOf = (one: Item) => one.picture.value!.image;
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
    brought(kept).then((there) => {
      if (end.signal.aborted) return there.forEach(free);
      lost.value = kept.length - there.length;
      items.value = [...there, ...items.peek()];
      asking.value = false;
      for (const item of there) {
        if (item.prepared) send(item);
        else if (item.picture.peek()?.state === "working") follow(item);
      }
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
    chosen.value = settledAll ? { images: items.value.map(imageOf), marks: items.value.flatMap((one) => one.marks.map((mark) => ({ ...mark, image: imageOf(one) }))) } : null;
  }, [settledAll, items.value]);
  useEffect(() => {
    if (asking.value || !onKept) return;
    onKept(items.value.flatMap((one): Kept[] => (settledIn(one) ? [{ image: imageOf(one), marks: one.marks }] : one.kept.value ? [{ going: one.id, marks: one.marks }] : [])));
    forget(items.value.filter(settledIn));
  }, [items.value, asking.value]);

  const came = (item: Item, picture: Picture) => { item.picture.value = picture; items.value = [...items.value]; };
  const forget = (some: Item[]) => {
    const ids = some.filter((one) => one.kept.peek()).map((one) => one.id);
    for (const one of some) one.kept.value = null;
    if (ids.length) void forgetPictures(ids).catch(() => undefined); // a day later they go by themselves
  };
  const keep = async (item: Item) => {
    const there = await keepPicture(item.id, item.prepared!);
    if (settledIn(item) || !items.peek().includes(item)) { item.kept.value = there; return forget([item]); }
    item.kept.value = there;
    items.value = [...items.peek()];
  };
  const failed = (item: Item, error: unknown) => { if (!item.end.signal.aborted) item.error.value = error instanceof Refusal ? error : new Refusal({ code: "network.unreachable" }); };
  const follow = (item: Item) => { settled(api, item.picture.value!.image, item.end.signal).then((picture) => came(item, picture), (error: unknown) => failed(item, error)); };
  const send = (item: Item) => {
    const file = item.prepared;
    item.error.value = null;
    if (!file) return;
    upload({ api, file, id: item.id, moved: (bytes) => (item.share.value = bytes / file.size), signal: item.end.signal }).then((picture) => came(item, picture), (error: unknown) => {
      // Left for longer than the server waits: it is begun anew.
      if (error instanceof Refusal && error.code === "image.expired") add(item.file, file, item.marks, item.edit, item);
      else failed(item, error);
    });
  };
  const add = (file: Blob | null, prepared: Blob, marks: Drawn[], edit: Edit | undefined, instead?: Item) => {
    if (instead) drop(instead);
    const item: Item = {
      id: crypto.randomUUID(), file, prepared, edit, marks, src: file ? URL.createObjectURL(prepared) : "", share: signal(0), picture: signal(null), error: signal(null),
      described: signal(""), kept: signal(null), end: new AbortController(),
    };
    items.value = [...items.value, item];
    if (file && onKept) void keep(item);
    else if (onKept) item.kept.value = false; // what could not be looked at here is not kept here
    send(item);
  };
  const drop = (item: Item) => {
    item.end.abort();
    free(item);
    forget([item]);
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
      {first && <Editor key={queue.value.length} file={first.file} {...(first.of?.edit ? { edit: first.of.edit } : {})} marks={first.of?.marks.map((one) => one.drawn) ?? []} proposed={seenIn(first.of?.picture.value)}
        onDone={({ file, marks, edit, unread }) => { add(unread ? null : first.file, file, marks.map((drawn) => ({ id: crypto.randomUUID(), drawn })), edit, first.of); queue.value = queue.value.slice(1); }} onClose={() => (queue.value = queue.value.slice(1))} />}
    </>
  );
}

const free = (item: Item) => { if (item.src) URL.revokeObjectURL(item.src); };

/** The pictures of an earlier page that are still there: on the server, or as bytes on this device. */
async function brought(kept: Kept[]): Promise<Item[]> {
  const ids = kept.flatMap((one) => ("image" in one ? [one.image] : []));
  const known = ids.length ? (await look(api, ids)).images : [];
  const found = await Promise.all(kept.map(async (one) => {
    if ("going" in one) {
      const bytes = await keptPicture(one.going);
      return bytes && resumed(one.going, bytes, one.marks);
    }
    const picture = known.find(({ image, state }) => image === one.image && ["working", "ready", "held"].includes(state));
    return picture && restored(picture, one.marks);
  }));
  return found.filter((item) => item !== undefined);
}

const restored = (picture: Picture, marks: Drawn[]): Item => ({
  id: picture.image, file: null, prepared: null, edit: undefined, marks, src: "", share: signal(1), picture: signal(picture), error: signal(null), described: signal(picture.description ?? ""),
  kept: signal(null), end: new AbortController(),
});

/** What was masked stays so: this device has no other picture than the one that is to leave. */
const resumed = (id: string, file: Blob, marks: Drawn[]): Item => ({
  id, file, prepared: file, edit: undefined, marks, src: URL.createObjectURL(file), share: signal(0), picture: signal(null), error: signal(null), described: signal(""), kept: signal(true), end: new AbortController(),
});

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
          : !picture ? <p role="status">{percent < 100 ? t.sending(percent) : t.working}<progress max="100" value={percent} aria-hidden="true" />{item.kept.value === false && <span class="meta block">{item.file ? t.notKept : t.notOpened}</span>}</p>
          : picture.state === "working" ? <p role="status">{t.working}</p>
          : picture.state === "held" ? <><p role="status">{t.held}</p>{said && <p>{t.removed(said)}</p>}</>
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
