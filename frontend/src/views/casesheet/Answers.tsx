/** The answers of which something is said: votes by people, what changed after someone relied on it, references. */
import type { Answer, Sheet, Vote } from "../../cases/sheet";
import { session, type RoomView } from "../../store";
import { words } from "../../i18n";
import { caseWords } from "../../i18n/sheet";
import { moment } from "../../i18n/time";
import { Doubt, Problem, Verified, standing } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { shortName } from "../parts/names";
import { mayHide, openLayer, useActing, type Acting } from "./acting";
import { Jump, bodyOf } from "./jump";
import { Legend, People, Voters } from "./Voters";

export function Answers({ sheet, view }: { sheet: Sheet; view: RoomView }) {
  return (
    <section class="col">
      <h3>{caseWords().sheet.discussed}</h3>
      <ul class="col">{sheet.answers.map((one) => <One of={one} sheet={sheet} view={view} key={one.message} />)}</ul>
      {sheet.answers.some((one) => one.votes.agree.count + one.votes.disagree.count > 0) && sheet.differentials.length === 0 && <Legend sheet={sheet} />}
    </section>
  );
}

function One({ of, sheet, view }: { of: Answer; sheet: Sheet; view: RoomView }) {
  const t = caseWords().sheet;
  const acting = useActing(view);
  const name = of.actor?.name ?? "?";
  const accepted = sheet.accepted?.message === of.message;
  const asker = sheet.asker?.id === session.value.me?.id;
  return (
    <li class="said-of">
      <div class="row said-by">
        <p class="grow"><span class="strong">{name}</span> {of.actor?.verified !== false && <Verified />} <span class="label second">{of.actor && standing(of.actor)}</span></p>
        <Jump view={view} message={of.message} seq={of.seq} label={t.seeAnswer(name)}>{t.see}</Jump>
      </div>
      {of.withheld ? <p class="gone">{of.withheld === "retracted" ? words().room.retracted(shortName(name)) : words().room[of.withheld]}</p> : <p class="excerpt" dir="auto">{bodyOf(view, of.message) ?? t.notHere}</p>}
      <div class="row wrap tags">{accepted && <span class="tag ok"><Icon name="check" size="small" />{t.accepted}</span>}{!of.amended && <Doubt of={of.doubt} />}</div>
      {of.amended && <Amended of={of.amended} />}
      {!of.withheld && <>
        <Votes of={of} sheet={sheet} acting={acting} />
        <References of={of} sheet={sheet} view={view} acting={acting} />
        <div class="row wrap">
          {asker && !accepted && <button type="button" class="link reach" onClick={() => acting.act({ type: "answer.accept", message: of.message, base: of.version })}>{t.accept}</button>}
          <button type="button" class="link reach" onClick={() => openLayer(view, { kind: "reference", message: of.message })}>{t.addReference}…</button>
        </div>
      </>}
      <Problem error={acting.error.value} />
    </li>
  );
}

/** It is not what somebody relied on any more: when it changed, and what it said. */
function Amended({ of }: { of: NonNullable<Answer["amended"]> }) {
  const t = caseWords().sheet;
  return (
    <div class="note confirm amended"><Icon name="alert" />
      <div class="grow"><p>{(of.accepted ? t.amendedAccepted : t.amendedVoted)(moment(of.at))}</p>
        {of.former === null ? <p class="label">{t.noFormer}</p> : <details><summary>{t.formerText}</summary><blockquote dir="auto">{of.former}</blockquote></details>}</div>
    </div>
  );
}

const SIDES: Vote[] = ["agree", "disagree"];

function Votes({ of, sheet, acting }: { of: Answer; sheet: Sheet; acting: Acting }) {
  const t = caseWords().sheet;
  const { votes, message, version } = of;
  const own = of.actor?.id === session.value.me?.id;
  const vote = (side: Vote) => acting.act(votes.mine === side ? { type: "vote.withdraw", message } : { type: "vote.give", message, base: version, vote: side });
  return (
    <div class="votes" role="group" aria-label={t.votesOn(of.actor?.name ?? "?")}>
      {SIDES.map((side) => (
        <div class="vote-side" key={side}>
          {own ? <p class="toggle"><span class="grow">{t[side]}</span><People n={votes[side].count} /></p>
            : <button type="button" class="toggle" aria-pressed={votes.mine === side} onClick={() => vote(side)}>
                <span class="grow">{t[side]}</span>{votes.mine === side && <Icon name="check" size="small" />}<People n={votes[side].count} /></button>}
          <Voters of={votes[side]} sheet={sheet} what={side === "agree" ? t.agreeing : t.disagreeing} />
        </div>
      ))}
      {votes.former > 0 && <p class="meta third">{t.former(votes.former)}</p>}
    </div>
  );
}

function References({ of, sheet, view, acting }: { of: Answer; sheet: Sheet; view: RoomView; acting: Acting }) {
  const t = caseWords().sheet;
  const me = session.value.me;
  if (!of.references.length) return null;
  return (
    <div><h4 class="label second">{t.references}</h4>
      <ul class="references">
        {of.references.map((one) => {
          const shown = one.link.replace(/^https:\/\/(doi\.org\/)?/, one.kind === "doi" ? "DOI " : "");
          return (
            <li class="row" key={one.reference}><a class="grow" href={one.link} target="_blank" rel="noopener noreferrer">{shown}</a>
              {(one.by?.id === me?.id || of.actor?.id === me?.id) && <button type="button" class="icon-btn" aria-label={t.removeReference(shown)} title={t.removeReference(shown)} onClick={() => acting.act({ type: "reference.remove", reference: one.reference })}><Icon name="close" size="small" /></button>}
              {mayHide(sheet, one.by?.id) && <button type="button" class="icon-btn" aria-label={t.hideReferenceOf(shown)} title={t.hideReferenceOf(shown)} onClick={() => openLayer(view, { kind: "hide", of: { noun: "reference", id: one.reference, label: shown } })}><Icon name="eyeoff" size="small" /></button>}</li>
          );
        })}
      </ul></div>
  );
}
