/** Masking a picture that is in a message already: boxes are burnt into it on the server, and nothing of what lay under them is kept. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { masksOf, type Seen } from "../../pictures/shapes";
import { api } from "../../store";
import { pictureWords } from "../../i18n/pictures";
import { toast } from "../parts/announce";
import { Editor } from "./Editor";

export default function Remask({ image, size, proposed, onClose }: { image: string; size: [number, number]; proposed: Seen[]; onClose: () => void }) {
  const t = pictureWords();
  const file = useSignal<Blob | null>(null);
  useEffect(() => {
    const end = new AbortController();
    fetch(`/api/v1/images/${image}/zoom`, { signal: end.signal }).then(async (answer) => {
      if (!answer.ok) throw new Error(t.gone);
      file.value = await answer.blob();
    }).catch((why: unknown) => { if (!end.signal.aborted) { toast(why instanceof Error ? why.message : t.gone); onClose(); } });
    return () => end.abort();
  }, [image]);
  if (!file.value) return null;
  return (
    <Editor file={file.value} masksOnly proposed={proposed} onClose={onClose} onDone={({ edit }) => {
      const masks = masksOf(edit, { width: size[0], height: size[1] });
      if (!masks.length) return toast(t.maskFirst);
      api.post(`/api/v1/images/${image}/masks`, { masks }).then(() => { toast(t.masking); onClose(); }, (why: unknown) => toast(why instanceof Error ? why.message : t.failed));
    }} />
  );
}
