/** The pictures of one message, as its readers may see them now; a press opens them, where colleagues point together. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { paced } from "../../pictures/pointing";
import { seenIn, look, type Picture } from "../../pictures/upload";
import type { Mark } from "../../pictures/shapes";
import { api, session, type RoomView } from "../../store";
import type { MessageItem } from "../../protocol";
import { pictureWords } from "../../i18n/pictures";
import { Icon } from "../parts/icons";
import { shortName } from "../parts/names";
import { toast } from "../parts/announce";
import { lazily } from "../parts/lazy";
import { Release } from "./Release";
import { Viewer, type KeptMark } from "./Viewer";
import "./pictures.css";

interface Kept { mark: string; image: string; by: { id: string; name: string | null }; drawn: Mark }
const Remask = lazily(() => import("./Remask").then((part) => part.default));

export default function Pictures({ item, view, own, tab }: { item: MessageItem; view: RoomView; own: boolean; tab: number }) {
  const t = pictureWords();
  const found = useSignal<Map<string, Picture>>(new Map());
  const open = useSignal<number | null>(null);
  const turn = useSignal(0);
  const masking = useSignal<Picture | null>(null);
  const releasing = useSignal<string | null>(null);
  const ids = item.images.join(",");

  // The item is another object whenever something happened to it, to its pictures too.
  useEffect(() => {
    let gone = false;
    look(api, item.images).then(({ images }) => {
      if (gone) return;
      // Other pixels under the same name: a reaction alone does not bring them again.
      const before = found.peek();
      if (images.some((one) => stand(before.get(one.image)) !== stand(one))) turn.value++;
      found.value = new Map(images.map((one) => [one.image, one]));
    }, () => undefined); // shown as not ready; the next event asks again
    return () => { gone = true; };
  }, [ids, item]);

  const shown = item.images.map((id) => found.value.get(id)).filter((one): one is Picture => !!one?.sizes.room);
  return (
    <>
      <ul class={`pictures n${Math.min(item.images.length, 4)}`}>
        {item.images.map((id, at) => {
          const one = found.value.get(id);
          const size = one?.sizes.room;
          if (!one || !size) return <li key={id} class="picture-gap"><Icon name="photo" size="small" /><span>{why(one, own)}</span></li>;
          return (
            <li key={id}>
              <button type="button" tabIndex={tab} aria-label={described(t.open(at + 1, item.images.length), one)} onClick={() => (open.value = shown.indexOf(one))}>
                <img src={`/api/v1/images/${id}/${item.images.length > 1 ? "list" : "room"}?t=${turn.value}`} alt={one.description ?? ""} loading="lazy" decoding="async" width={size[0]} height={size[1]} />
              </button>
              {one.state === "held" && <p class="meta">{t.held}</p>}
              {one.veil === "mask" && <p class="meta">{t.veilMask}</p>}
              {own && (one.state === "held" || one.veil === "mask") && <div class="row wrap held-acts">
                <button type="button" class="btn" tabIndex={tab} onClick={() => (masking.value = one)}><Icon name="mask" />{t.maskIt}</button>
                {one.state === "held" && releasing.value !== id && <button type="button" class="link reach" tabIndex={tab} onClick={() => (releasing.value = id)}>{t.heldShow}</button>}
              </div>}
              {own && one.state === "held" && releasing.value === id && <Release onRelease={(reason) => api.post(`/api/v1/images/${id}/release`, { reason }).then(() => { releasing.value = null; toast(t.shownNow); })} />}
            </li>
          );
        })}
      </ul>
      {masking.value && <Remask image={masking.value.image} size={masking.value.sizes.zoom ?? masking.value.sizes.room!} proposed={seenIn(masking.value)} onClose={() => (masking.value = null)} />}
      {open.value !== null && shown[open.value] && <Together item={item} view={view} shown={shown} first={open.value} onClose={() => (open.value = null)} />}
    </>
  );
}

const described = (which: string, one: Picture) => (one.description ? pictureWords().described(which, one.description) : which);
const stand = (one: Picture | undefined) => JSON.stringify([one?.state, one?.veil, one?.sizes]);

function why(one: Picture | undefined, own: boolean): string {
  const t = pictureWords();
  if (!one) return t.notYet;
  if (one.veil) return t.veiled;
  if (one.state === "held") return own ? t.held : t.heldOther;
  return one.state === "working" || one.state === "uploading" ? t.notYet : t.gone;
}

/** The viewer, with what the room's others point at and keep. */
function Together({ item, view, shown, first, onClose }: { item: MessageItem; view: RoomView; shown: Picture[]; first: number; onClose: () => void }) {
  const t = pictureWords();
  const kept = useSignal<Kept[]>([]);
  const reads = useRef(0);
  const read = () => {
    const mine = ++reads.current; // an older answer may come last
    return api.get<{ marks: Kept[] }>(`/api/v1/messages/${item.message}/marks`).then(({ marks }) => { if (mine === reads.current) kept.value = marks; });
  };
  useEffect(() => { void read().catch(() => undefined); }, [item]);
  const me = session.value.me?.id;
  const mayRemove = (mark: Kept) => mark.by.id === me || item.actor?.id === me;
  const marksOf = (id: string): KeptMark[] => kept.value.filter((one) => one.image === id).map((one) => ({ id: one.mark, mark: one.drawn, by: shortName(one.by.name), mine: mayRemove(one) }));
  const point = useMemo(() => paced((id, at, drawn) => view.point(id, at, drawn)), [view]);
  return (
    <Viewer first={first} onClose={onClose} point={point} kept={marksOf}
      pictures={shown.map((one, at) => ({ id: one.image, src: `/api/v1/images/${one.image}/zoom`, alt: described(t.picture(at + 1, shown.length), one) }))}
      pointers={(id) => view.pointing.value.filter((one) => one.image === id).map((one) => ({ person: one.actor.id, name: shortName(one.actor.name), at: one.at, mark: one.drawn }))}
      keep={async (id, drawn) => { await api.post(`/api/v1/rooms/${view.id}/marks`, { id: crypto.randomUUID(), message: item.message, image: id, drawn }); await read().catch(() => undefined); /* it is kept all the same, and its event asks again */ }}
      unkeep={async (_id, mark) => { await api.delete(`/api/v1/rooms/${view.id}/marks/${mark}`); await read(); }} />
  );
}
