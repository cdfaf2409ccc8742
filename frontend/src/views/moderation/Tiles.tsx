/** Six rooms side by side: what goes on in each, never what is said. */
import { mod } from "../../i18n/console";
import type { Item, Watched } from "../../moderation/door";
import { rooms } from "../../store";
import { Code } from "../parts/atoms";
import { Icon, Shield } from "../parts/icons";

export interface Tile extends Watched { title: string }

/** A watched room with the name it is known by here. */
export function named(one: Watched, items: readonly Item[]): Tile {
  const listed = rooms.value.find((room) => room.id === one.room);
  return { ...one, title: one.title ?? listed?.title ?? items.find((item) => item.room === one.room)?.room_title ?? "…", code: one.code ?? listed?.code ?? null, kind: one.kind ?? listed?.kind ?? "group" };
}

export function Tiles({ tiles, at, onPick }: { tiles: Tile[]; at: string | null; onPick: (room: string) => void }) {
  const t = mod().console;
  return (
    <ul class="tiles" aria-label={t.watched}>
      {tiles.map((one) => (
        <li key={one.room}>
          <button type="button" class="tile" aria-pressed={one.room === at} onClick={() => onPick(one.room)}>
            <span class="tile-top"><Code item={{ kind: one.kind ?? "group", code: one.code ?? null, title: one.title }} /><span class="tile-name">{one.title}</span></span>
            <Bars posts={one.posts} flags={one.flags} />
            <span class="tile-foot"><span class="grow one-line">{t.present(one.present)}</span>
              {one.flags > 0 && <span class="tag urgent"><Icon name="flag" size="small" /><span aria-hidden="true">{one.flags}</span><span class="unseen">{t.flags(one.flags)}</span></span>}
              {one.moderators.length > 0 && <span class="tag mod" title={t.someone}><Shield size="small" /><span class="unseen">{t.someone}</span></span>}
              {one.locked ? <span class="tag mod"><Icon name="lock" size="small" />{t.locked}</span> : one.slow_mode > 0 ? <span class="tag caution"><Icon name="hour" size="small" />{t.slow}</span>
                : one.flags === 0 && one.posts.slice(-3).every((n) => n === 0) ? <span class="tag">{t.calm}</span> : null}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Posts of twelve times five minutes; the scale is the busiest of them, but never so small that one post fills it. */
function Bars({ posts, flags }: { posts: number[]; flags: number }) {
  const t = mod().console;
  const top = Math.max(6, ...posts);
  const total = posts.reduce((sum, n) => sum + n, 0);
  return (
    <svg class={`bars-12${flags ? " flagged" : ""}`} viewBox="0 0 120 26" preserveAspectRatio="none" role="img" aria-label={t.activity(total)}>
      {posts.map((n, at) => { const high = n === 0 ? 1 : 2 + (n / top) * 24; return <rect x={at * 10.2} y={26 - high} width="8" height={high} key={at} />; })}
    </svg>
  );
}
