/** One message of the log: who, then what, then what colleagues made of it. */
import type { Line, RoomView } from "../../store";
import type { Reaction } from "../../protocol";
import { lazily } from "../parts/lazy";
import { memo } from "../parts/memo";
import { words } from "../../i18n";
import { clock, moment, until } from "../../i18n/time";
import { useEffect } from "preact/hooks";
import { actOn, forget, reasonWords } from "../../moderation/reasons";
import { moderating } from "../layers";
import { Doubt, Status, Verified, standing } from "../parts/atoms";
import { Icon, Shield } from "../parts/icons";
import { shortName } from "../parts/names";
import { session } from "../../store";
import { toRoom } from "../../router";
import { Body } from "./Body";
import { AnswerMarks } from "./caseParts";

const Pictures = lazily(() => import("../picture/Pictures").then((part) => part.default));

export const reactions: Reaction[] = ["agree", "useful", "thanks", "discuss"];
/** A question of one sentence stands out; a page of background in bold would only shout. */
const shortQuestion = 160;
export type MessageLine = Extract<Line, { type: "message" }>;

export interface MessageActs {
  reply(line: MessageLine): void;
  menu(line: MessageLine, anchor: HTMLElement): void;
  jump(seq: number): void;
  react(line: MessageLine, reaction: Reaction): void;
  versions(message: string): void;
  /** Opens the tray on this message, for a moderator. */
  moderate(line: MessageLine | null): void;
}

interface Props { line: MessageLine; view: RoomView; active: boolean; flash: boolean; acts: MessageActs; inCase: boolean; lang: string }

export const Message = memo(function Message({ line, view, active, flash, acts, inCase }: Props) {
  const t = words().room;
  const { item, own, first } = line;
  // Inside the log only the message that has the focus takes part in the order of Tab.
  const tab = active ? 0 : -1;
  const name = item.actor?.name ?? t.someone;
  const body = item.body;
  const writable = !item.withheld;
  const card = item.case && !inCase;
  const given = reactions.filter((one) => item.reactions[one] > 0);
  return (
    <article class={`msg${own ? " own" : ""}${first ? "" : " run"}${flash ? " flash" : ""}${active ? " active" : ""}`} data-key={line.key} data-seq={item.seq}
      tabIndex={tab} aria-label={`${name}, ${moment(item.at)}`}>
      <a class="at" href={toRoom(view.id, item.seq)} tabIndex={-1} title={moment(item.at)}><time dateTime={item.at}>{clock(item.at)}</time></a>
      <div class="said">
        {first && item.actor && (
          <div class="who">
            <span class="name">{name}</span>
            <Verified />
            {standing(item.actor) && <span class="standing">{standing(item.actor)}</span>}
            {item.actor.as === "moderator" && <span class="tag mod">{t.moderation}</span>}
            {item.form === "question" && inCase && <span class="tag">{t.asked}</span>}
            {own && <span class="meta third">{t.you}</span>}
          </div>
        )}
        {line.reply && <Quoted line={line} tab={tab} onJump={acts.jump} />}
        {item.withheld === "hidden" ? <Hidden line={line} room={view.id} tab={tab} acts={acts} /> : !writable ? <Withheld line={line} name={name} />
          : card ? <CaseCard line={line} tab={tab} />
          : <div lang={session.value.me?.locale}><Body body={body ?? ""} mentions={item.mentions} tab={tab} asked={item.form === "question" && inCase && (body?.length ?? 0) <= shortQuestion}>
              {item.edited_seq !== null && (own || session.value.me?.mod
                ? <button type="button" class="edited reach" tabIndex={tab} onClick={() => acts.versions(item.message)}>{t.edited}</button>
                : <span class="edited">{t.edited}</span>)}
            </Body></div>}
        {item.images.length > 0 && (writable ? <Pictures item={item} view={view} own={own} tab={tab} /> : <p class="photos"><Icon name="photo" size="small" />{t.images(item.images.length)}</p>)}
        <Doubt of={item.doubt} />
        {inCase && (item.form === "answer" || item.form === "outcome") && <AnswerMarks item={item} view={view} tab={tab} />}
        {given.length > 0 && writable && (
          <div class="reactions">
            {given.map((one) => (
              <button type="button" aria-pressed={item.mine.includes(one)} tabIndex={tab} onClick={() => acts.react(line, one)} key={one}>{t[one]} <b>{item.reactions[one]}</b></button>
            ))}
          </div>
        )}
      </div>
      {writable && (
        <div class="msg-tools">
          <button type="button" class="icon-btn" tabIndex={tab} aria-label={t.reply} title={t.reply} onClick={() => acts.reply(line)}><Icon name="reply" /></button>
          <button type="button" class="icon-btn" tabIndex={tab} aria-haspopup="menu" aria-label={t.actions(name)} onClick={(event) => acts.menu(line, event.currentTarget)}><Icon name="more" /></button>
        </div>
      )}
    </article>
  );
});

function Quoted({ line, tab, onJump }: { line: MessageLine; tab: number; onJump: (seq: number) => void }) {
  const reply = line.reply!;
  return <QuoteLine reply={reply} tab={tab} onJump={onJump} />;
}

export function QuoteLine({ reply, tab, onJump }: { reply: NonNullable<MessageLine["reply"]>; tab: number; onJump: (seq: number) => void }) {
  const t = words().room;
  const text = reply.withheld ? (reply.withheld === "retracted" ? t.retracted(shortName(reply.actor?.name)) : t[reply.withheld]) : reply.body ?? t.notLoaded;
  const said = <>{reply.actor && <span class="strong">{shortName(reply.actor.name)}</span>}<Doubt of={reply.doubt} /> {text}</>;
  return reply.seq === null ? <span class="quote one-line">{said}</span>
    : <button type="button" class="quote one-line" tabIndex={tab} onClick={() => onJump(reply.seq!)}>{said}</button>;
}

/** A message whose words are withheld keeps its place. */
function Withheld({ line, name }: { line: MessageLine; name: string }) {
  const t = words().room;
  const why = line.item.withheld!;
  return <p class="gone">{why === "retracted" ? t.retracted(shortName(name)) : t[why]}</p>;
}

/** Hidden by moderators: why, for all; its author may contest it and, like the moderators, read it. */
function Hidden({ line, room, tab, acts }: { line: MessageLine; room: string; tab: number; acts: MessageActs }) {
  const t = words().moderation;
  const { message } = line.item;
  const act = actOn(room, message);
  useEffect(() => () => forget(room, message), [room, message]);
  const mod = session.value.me?.mod ?? false;
  return (
    <div class="hatched">
      <span>{act && !act.moderator ? t.hiddenAuto : act?.reason ? t.hiddenWhy(reasonWords(act.reason)) + (act.until ? ` (${until(act.until)})` : "") : words().room.hidden}</span>
      {line.own && act && <button type="button" class="link reach" tabIndex={tab} onClick={() => (moderating.value = { kind: "appeal", act: act.act })}>{t.contest}</button>}
      {(line.own || mod) && <button type="button" class="link reach" tabIndex={tab} onClick={() => acts.versions(message)}>{t.readHidden}</button>}
      {mod && !line.own && <button type="button" class="link reach" tabIndex={tab} onClick={() => acts.moderate(line)}><Shield size="small" />{t.moderate}</button>}
    </div>
  );
}

/** In a group's log a question is a card that follows its case. */
function CaseCard({ line, tab }: { line: MessageLine; tab: number }) {
  const t = words().room;
  const card = line.item.case!;
  const body = line.item.body ?? "";
  const cut = body.indexOf("\n");
  const title = cut < 0 ? body : body.slice(0, cut);
  return (
    <a class="case-card" href={toRoom(card.room)} tabIndex={tab}>
      <span class="asks" dir="auto">{title}</span>
      {cut >= 0 && <span class="more" dir="auto">{body.slice(cut).trim()}</span>}
      <span class="foot">
        {card.urgency === "hour" && <span class="tag urgent">{t.urgent}</span>}
        <Status status={card.status} />
        <span>{t.answers(card.answers)}</span>
        <span class="link">{t.openCase}</span>
      </span>
    </a>
  );
}
