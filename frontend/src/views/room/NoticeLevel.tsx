/** What of this room wakes the person: all, mentions and questions, or nothing. */
import { useSignal } from "@preact/signals";
import type { RoomItem } from "../../store";
import { words } from "../../i18n";
import { levelOf } from "../../device/shown";
import { setLevel, type Level } from "../../notices";
import { toast } from "../parts/announce";
import { Icon } from "../parts/icons";
import { Menu, MenuItem } from "../parts/sheet";

const LEVELS: readonly Level[] = ["all", "mentions", "none"];

export function NoticeLevel({ room }: { room: RoomItem }) {
  const t = words().notices;
  const anchor = useSignal<HTMLElement | null>(null);
  const level = levelOf(room);
  const usual = levelOf({ kind: room.kind, muted: false, notices: null });
  const hints = { all: t.allHint, mentions: t.mentionsHint, none: t.noneHint };
  const pick = (next: Level) => {
    anchor.value = null;
    // The usual one is no choice of this person: should the usual change, so does this.
    setLevel(room.id, next === usual ? null : next).catch((error: unknown) => toast(error instanceof Error ? error.message : words().shell.errorTitle));
  };
  const label = t.levelNow(t[level]);
  return (
    <>
      <button type="button" class="icon-btn" aria-haspopup="menu" aria-expanded={!!anchor.value} aria-label={label} title={label} onClick={(event) => (anchor.value = event.currentTarget)}>
        <Icon name={level === "none" ? "belloff" : "bell"} />
      </button>
      {anchor.value && (
        <Menu anchor={anchor.value} label={t.level} onClose={() => (anchor.value = null)}>
          {LEVELS.map((one) => (
            <MenuItem checked={one === level} onPick={() => pick(one)} key={one}>
              <span class="tick" aria-hidden="true">{one === level && <Icon name="check" />}</span>
              <span><span class="block">{t[one]}{one === usual && <span class="third"> · {t.byDefault}</span>}</span><span class="meta third block">{hints[one]}</span></span>
            </MenuItem>
          ))}
        </Menu>
      )}
    </>
  );
}
