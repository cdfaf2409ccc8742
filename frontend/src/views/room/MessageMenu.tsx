/** What can be done with a message: four words of reaction, then acts, by right. */
import type { RoomView } from "../../store";
import { locale, session } from "../../store";
import { words } from "../../i18n";
import { toRoom } from "../../router";
import { say, toast } from "../parts/announce";
import { Icon } from "../parts/icons";
import { Menu, MenuItem } from "../parts/sheet";
import { moderating } from "../layers";
import { AnswerActs } from "./caseParts";
import { reactions, type MessageActs, type MessageLine } from "./Message";

interface Props {
  line: MessageLine; anchor: HTMLElement; view: RoomView; acts: MessageActs;
  onEdit: () => void; onRetract: () => void; onCase: () => void; onClose: () => void;
}

export function MessageMenu({ line, anchor, view, acts, onEdit, onRetract, onCase, onClose }: Props) {
  const t = words().room;
  const { item, own } = line;
  const mod = session.value.me?.mod ?? false;
  const room = view.item.value;
  // Agreeing with an answer of a case is a vote: it says what it is, and who.
  const votable = room?.kind === "case" && item.form === "answer";
  const pick = (act: () => void) => () => { onClose(); act(); };
  const copy = (text: string) => pick(() => void navigator.clipboard.writeText(text).then(() => toast(t.copied), () => say("")));
  return (
    <Menu anchor={anchor} label={t.actions(item.actor?.name ?? t.someone)} onClose={onClose} key={locale.value}>
      <div class="four" role="group">
        {reactions.filter((one) => one !== "agree" || !votable).map((one) => <MenuItem checked={item.mine.includes(one)} onPick={pick(() => acts.react(line, one))} key={one}>{t[one]}</MenuItem>)}
      </div>
      <hr />
      {votable && !item.withheld && <AnswerActs line={line} view={view} onClose={onClose} />}
      <MenuItem onPick={pick(() => acts.reply(line))}><Icon name="reply" />{t.reply}</MenuItem>
      {own && item.form !== "question" && <MenuItem onPick={pick(onEdit)}><Icon name="edit" />{t.edit}</MenuItem>}
      {own && item.form === "question" && !item.case && <MenuItem onPick={pick(onEdit)}><Icon name="edit" />{t.edit}</MenuItem>}
      {item.edited_seq !== null && (own || mod) && <MenuItem onPick={pick(() => acts.versions(item.message))}><Icon name="clock" />{t.showHistory}</MenuItem>}
      {room?.kind === "group" && !item.case && (own || mod) && <MenuItem onPick={pick(onCase)}><Icon name="cases" />{t.makeCase}</MenuItem>}
      <MenuItem onPick={copy(item.body ?? "")}><Icon name="list" />{t.copy}</MenuItem>
      <MenuItem onPick={copy(location.origin + toRoom(view.id, item.seq))}><Icon name="pin" />{t.copyLink}</MenuItem>
      {!own && item.actor && <><hr /><MenuItem onPick={pick(() => (moderating.value = { kind: "report", of: { room: view.id, message: item.message }, images: item.images, name: item.actor?.name ?? "" }))}><Icon name="flag" />{words().moderation.report}</MenuItem></>}
      {mod && <MenuItem onPick={pick(() => acts.moderate(line))}><Icon name="shield" />{words().moderation.moderate}</MenuItem>}
      {own && <><hr /><MenuItem danger onPick={pick(onRetract)}><Icon name="trash" />{t.retract}</MenuItem></>}
    </Menu>
  );
}
