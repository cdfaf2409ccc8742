/** At the door: Pro Santé Connect beside the password, where this server offers it. Loaded with the door. */
import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { api } from "../../store";
import { leave, offered } from "../../proSante";
import { proSanteWords } from "../../i18n/proSante";
import { Problem } from "../parts/atoms";

export default function ByProSante() {
  const t = proSanteWords();
  const there = useSignal(false);
  useEffect(() => {
    // Without a network the password's form says so.
    offered(api).then(({ on }) => (there.value = on), () => undefined);
  }, []);
  return there.value ? <Press label={t.by} /> : null;
}

/** The button that leaves for Pro Santé Connect, and what became of it. */
export function Press({ label, primary }: { label: string; primary?: boolean }) {
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const go = () => {
    if (busy.value) return;
    busy.value = true;
    error.value = null;
    leave(api, "sign_in").catch((why: unknown) => (error.value = why)).finally(() => (busy.value = false));
  };
  return (
    <>
      <Problem error={error.value} />
      <button type="button" class={`btn tall wide${primary ? " primary" : ""}`} aria-disabled={busy.value} onClick={go}>{label}</button>
    </>
  );
}
