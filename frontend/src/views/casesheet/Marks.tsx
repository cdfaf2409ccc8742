/** On an answer in the log: that it is accepted, who votes how, what hangs on it; and the same acts in its menu. */
import { useComputed } from "@preact/signals";
import type { MessageItem } from "../../protocol";
import type { Answer, Sheet, Vote } from "../../cases/sheet";
import { answerOf } from "../../cases/counting";
import { session, type Line, type RoomView } from "../../store";
import { caseWords } from "../../i18n/sheet";
import { Problem } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { MenuItem } from "../parts/sheet";
import { caseSheet } from "../layers";
import { panelShown, wide } from "../prefs";
import { actOn, openLayer, refused } from "./acting";
import { useSheet } from "./useSheet";
import { People, Ticks, caseGroup } from "./Voters";

type MessageLine = Extract<Line, { type: "message" }>;

export function Marks({ item, view, tab }: { item: MessageItem; view: RoomView; tab: number }) {
  const t = caseWords().sheet;
  const { sheet: read } = useSheet(view);
  // Another sheet is no other answer: what did not move here is not drawn again.
  const key = useComputed(() => {
    const sheet = read.value;
    const answer = answerOf(sheet, item.message);
    return JSON.stringify([sheet?.accepted?.message === item.message, answer?.votes, answer?.references.length, sheet?.outcomes.find((one) => one.message === item.message)?.verdict]);
  });
  void key.value;
  const sheet = read.peek();
  const failed = refused.value?.message === item.message ? refused.value.why : null;
  const outcome = sheet?.outcomes.find((one) => one.message === item.message);
  const answer = answerOf(sheet, item.message);
  const accepted = sheet?.accepted?.message === item.message;
  const open = () => { if (wide.value) panelShown.value = true; else caseSheet.value = true; };
  return (
    <>
      {item.form === "outcome" && <div class="answer-marks"><span class="tag ok">{outcome ? t.outcomeWas(t[outcome.verdict]) : t.outcome}</span></div>}
      {sheet && (accepted || answer) && !item.withheld && (
        <div class="answer-marks">
          {accepted && <span class="tag ok"><Icon name="check" size="small" />{t.accepted}</span>}
          {answer && <Tally answer={answer} item={item} view={view} sheet={sheet} tab={tab} />}
          {answer && answer.references.length > 0 && <button type="button" class="link label reach" tabIndex={tab} onClick={open}>{t.referenceCount(answer.references.length)}</button>}
        </div>
      )}
      {failed !== null && <div class="refused"><Problem error={failed} /><button type="button" class="icon-btn" tabIndex={tab} aria-label={t.dismiss} onClick={() => (refused.value = null)}><Icon name="close" size="small" /></button></div>}
    </>
  );
}

const version = (item: MessageItem): number => item.edited_seq ?? item.seq;
const mayVote = (item: MessageItem): boolean => item.actor?.id !== session.value.me?.id;

function castOn(view: RoomView, item: MessageItem, side: Vote, mine: Vote | null): void {
  const { message } = item;
  actOn(view, message, mine === side ? { type: "vote.withdraw", message } : { type: "vote.give", message, base: version(item), vote: side });
}

/** Two presses, once anyone has voted; before that, the menu has them. */
function Tally({ answer, item, view, sheet, tab }: { answer: Answer; item: MessageItem; view: RoomView; sheet: Sheet; tab: number }) {
  const t = caseWords().sheet;
  const { votes } = answer;
  const sides = (["agree", "disagree"] as const).filter((side) => votes[side].count > 0);
  if (!sides.length) return null;
  const may = mayVote(item);
  return (
    <div class="tally" role="group" aria-label={t.votesOn(item.actor?.name ?? "?")}>
      {sides.map((side) => {
        const drawn = <><span>{t[side]}</span><Ticks of={votes[side]} group={caseGroup(sheet)} /><People n={votes[side].count} /></>;
        return may ? <button type="button" class="vote" aria-pressed={votes.mine === side} tabIndex={tab} onClick={() => castOn(view, item, side, votes.mine)} key={side}>{drawn}</button>
          : <span class="vote" key={side}>{drawn}</span>;
      })}
    </div>
  );
}

/** In an answer's menu. */
export function MenuActs({ line, view, onClose }: { line: MessageLine; view: RoomView; onClose: () => void }) {
  const t = caseWords().sheet;
  const sheet = useSheet(view).sheet.value;
  const { item } = line;
  const { message } = item;
  if (!sheet) return null;
  const asker = sheet.asker?.id === session.value.me?.id;
  const accepted = sheet.accepted?.message === message;
  const mine = answerOf(sheet, message)?.votes.mine ?? null;
  const pick = (run: () => void) => () => { onClose(); run(); };
  return (
    <>
      {asker && <MenuItem onPick={pick(() => actOn(view, message, accepted ? { type: "answer.unaccept", message } : { type: "answer.accept", message, base: version(item) }))}><Icon name="check" />{accepted ? t.unaccept : t.accept}</MenuItem>}
      {mayVote(item) && <div class="four" role="group" aria-label={t.voteWord}>
        {(["agree", "disagree"] as const).map((side) => <MenuItem checked={mine === side} onPick={pick(() => castOn(view, item, side, mine))} key={side}>{t[side]}</MenuItem>)}
      </div>}
      <MenuItem onPick={pick(() => openLayer(view, { kind: "reference", message }))}><Icon name="book" />{t.addReference}</MenuItem>
      {asker && sheet.status !== "consensus" && sheet.status !== "closed" && <MenuItem onPick={pick(() => openLayer(view, { kind: "consensus", message }))}><Icon name="people" />{t.declareOn}</MenuItem>}
      <hr />
    </>
  );
}
