/** What rules hint about the text in a field, the composer's or a question's: one calm line each, said politely, and nothing is held back. */
import { useEffect, useMemo } from "preact/hooks";
import { lang } from "../../i18n";
import { hintWords } from "../../i18n/hints";
import { Hinting, remembered, type Hint } from "../../moderation/hints";
import { api } from "../../store";
import { Icon } from "./icons";
import "./hints.css";

const CHECK = "/api/v1/rules/check";
const now = () => Date.now();
const hinting = remembered(() => api.get<{ hints: boolean }>(CHECK, { tries: 0 }).then(({ hints }) => hints), now);

/** `id` is what the field says that it is described by. */
export default function Hints({ id, text }: { id: string; text: string }) {
  const watch = useMemo(() => new Hinting({
    hinting, now, check: (body) => api.post<{ hints: Hint[] }>(CHECK, { body }).then(({ hints }) => hints),
    after: (ms, run) => { const timer = setTimeout(run, ms); return () => clearTimeout(timer); },
  }), []);
  useEffect(() => watch.write(text), [text]);
  useEffect(() => () => watch.close(), []);
  return (
    <div class="identifiers rule-hints" id={id} aria-live="polite">
      {watch.said.value.map((one) => <p class="hint-line rule-hint" key={one.rule}><Icon name="shield" size="small" /> {hintWords().about(one[lang()])}</p>)}
    </div>
  );
}
