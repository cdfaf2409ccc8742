/** The pictures of a question: chosen, taken, dropped or pasted; each passes the mask editor before it leaves the device. */
import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { askingWords } from "../../i18n/asking";
import { Icon } from "../parts/icons";
import { lazily } from "../parts/lazy";
import type { Kept } from "../../pictures/kept";
import type { Chosen } from "../picture/chosen";

const Tray = lazily(() => import("../picture/Tray").then((part) => part.default));

export function Shots({ kept, chosen, onKept }: { kept: Kept[]; chosen: Signal<Chosen | null>; onKept: (some: Kept[]) => void }) {
  const t = askingWords();
  const files = useSignal<File[]>([]);
  const first = useRef(kept);
  const shown = useSignal(kept.length > 0);
  const picker = useRef<HTMLInputElement>(null);
  const attach = (some: FileList | null | undefined) => {
    const found = [...(some ?? [])].filter((file) => file.type.startsWith("image/") || /\.(heic|heif|dcm)$/i.test(file.name));
    if (!found.length) return false;
    if (!shown.value) chosen.value = null; // until the tray, whose script may still come, says otherwise
    shown.value = true;
    files.value = [...files.value, ...found];
    return true;
  };
  const attached = useRef(attach);
  attached.current = attach;
  useEffect(() => {
    const pasted = (event: ClipboardEvent) => { if (attached.current(event.clipboardData?.files)) event.preventDefault(); };
    document.addEventListener("paste", pasted);
    return () => document.removeEventListener("paste", pasted);
  }, []);
  return (
    <div class="input-block shots" onDragOver={(event) => event.preventDefault()} onDrop={(event) => { if (attach(event.dataTransfer?.files)) event.preventDefault(); }}>
      <span class="as-label">{t.pictures} <span class="third label">({t.optional})</span></span>
      {shown.value && <Tray files={files} chosen={chosen} sent={0} kept={first.current} onKept={onKept} />}
      <button type="button" class="btn" onClick={() => picker.current?.click()}><Icon name="photo" />{t.addPictures}</button>
      <input ref={picker} type="file" class="unseen" tabIndex={-1} aria-hidden="true" accept="image/*,.heic,.heif,.dcm" multiple onChange={(event) => { attach(event.currentTarget.files); event.currentTarget.value = ""; }} />
      <span class="hint">{t.picturesHint}</span>
    </div>
  );
}
