/** What a picture shows, in a line, for who cannot see it: looked at for identifiers like any words, and kept by the server before it may go. */
import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api } from "../../store";
import { pictureWords } from "../../i18n/pictures";
import { IdentifierNotes, useIdentifiers } from "../parts/identifiers";

const WAIT = 500;

export function Describe({ image, at, described }: { image: string; at: number; described: Signal<string | null> }) {
  const t = pictureWords();
  const text = useSignal(described.peek() ?? "");
  const saved = useRef(text.peek());
  const failed = useSignal<string | null>(null);
  const watch = useIdentifiers(text.value);
  const field = useRef<HTMLInputElement>(null);
  const id = `describe-${image}`;
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    if (text.value === saved.current) { described.value = saved.current; failed.value = null; return; }
    described.value = null; // until the server has it
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      const body = text.value;
      await watch.ready();
      const { open, confirmed } = watch.check(body);
      if (open || stop.signal.aborted) return;
      api.put(`/api/v1/images/${image}/description`, { description: body, ...(confirmed ? { confirmed } : {}) }, { signal: stop.signal }).then(
        () => { saved.current = body; failed.value = null; if (text.peek() === body) described.value = body.trim(); },
        (error: unknown) => { if (!stop.signal.aborted) failed.value = error instanceof Error ? error.message : String(error); },
      );
    }, WAIT);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [text.value, watch.items.length]);
  return (
    <div class="describe">
      <label for={id}>{t.describeAs(at)}</label>
      <input ref={field} class="input" id={id} maxLength={200} value={text.value} placeholder={t.describeHint} aria-describedby={`${id}-identifiers`} autocomplete="off"
        onInput={(event) => (text.value = event.currentTarget.value)} onKeyDown={(event) => { if (event.key === "Enter") event.preventDefault(); }} />
      <IdentifierNotes id={id} text={text.value} watch={watch} onReplace={(words) => (text.value = words)} />
      {failed.value && <p class="problem" role="alert">{failed.value}</p>}
    </div>
  );
}
