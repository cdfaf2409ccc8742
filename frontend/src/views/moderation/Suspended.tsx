/** A suspended account: why, until when, and the way to contest it. What was not sent stays on the device. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { mod } from "../../i18n/console";
import { words } from "../../i18n";
import { moment } from "../../i18n/time";
import { session, signOutSuspended, tryAgain } from "../../store";
import { Language } from "../account/Language";
import { Icon, Mark } from "../parts/icons";
import { toast } from "../parts/announce";
import { myAppeals, type MyAppeal } from "../../moderation/door";
import { AppealForm, Outcome } from "./Sheets";
import "../../styles/moderation.css";

/** Longer waits than this are not counted by a timer. */
const LONGEST = 2 ** 31 - 1;

export default function Suspended() {
  const t = mod().appeal;
  const { me, suspension } = session.value;
  const sent = useSignal(false);
  const made = useSignal<MyAppeal | null>(null);
  const act = suspension?.act ?? null;
  // One appeals once; who comes back to this page reads what became of it.
  useEffect(() => { if (act) void myAppeals().then(({ appeals }) => (made.value = appeals.find((one) => one.act === act) ?? null), () => undefined); }, [act]);
  const until = suspension?.until ?? null;
  // At its end the page opens by itself.
  useEffect(() => {
    const wait = until === null ? Infinity : Date.parse(until) - Date.now() + 1_000;
    if (wait > LONGEST) return;
    const timer = setTimeout(tryAgain, Math.max(1_000, wait));
    return () => clearTimeout(timer);
  }, [until]);
  return (
    <main class="entry-scroll"><div class="entry"><div class="entry-in wide">
      <div class="entry-top"><span class="brand"><Mark />Consult</span><Language small /></div>
      <h1>{t.suspendedTitle}</h1>
      <p class="second">{me?.name}</p>
      <div class="note block" role="alert"><Icon name="alert" /><div><p>{until ? t.suspendedUntil(moment(until)) : t.suspendedForGood}</p>{suspension?.reason && <p>{t.suspendedWhy(suspension.reason)}</p>}</div></div>
      <p class="list-size second">{t.suspendedKept}</p>
      {act && <section class="card"><h2>{t.title}</h2>{made.value ? <Outcome of={made.value} /> : sent.value ? <p class="note good" role="status"><Icon name="check" /><span>{t.sent}</span></p> : <AppealForm act={act} onSent={() => (sent.value = true)} />}</section>}
      <div class="row wrap"><button type="button" class="btn" onClick={tryAgain}>{t.again}</button><button type="button" class="btn quiet" onClick={() => void signOutSuspended().catch((why: unknown) => toast(why instanceof Error ? why.message : words().shell.errorTitle))}>{words().account.signOut}</button></div>
    </div></div></main>
  );
}
