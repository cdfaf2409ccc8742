/** Marks and pointers over a picture, in shares of its width and height, as thick at every size. */
import type { Mark, Point } from "../../pictures/shapes";

export interface PointerAt { person: string; name: string; at: Point; mark?: Mark | null }

/** `wide` and `high` are the picture's size on the screen in px. */
export function Overlay({ marks, pointers, wide, high, loose }: { marks: readonly Mark[]; pointers: readonly PointerAt[]; wide: number; high: number; loose?: Mark | null }) {
  return (
    <svg class="overlay" viewBox={`0 0 ${wide} ${high}`} aria-hidden="true">
      {marks.map((mark, at) => <Drawn mark={mark} wide={wide} high={high} key={at} />)}
      {loose && <Drawn mark={loose} wide={wide} high={high} loose />}
      {pointers.map(({ person, name, at, mark }) => (
        <g key={person}>
          {mark && <Drawn mark={mark} wide={wide} high={high} loose />}
          <g class="pointer" transform={`translate(${at.x * wide} ${at.y * high})`}>
            <circle r="7" /><text x="11" y="5">{name}</text>
          </g>
        </g>
      ))}
    </svg>
  );
}

function Drawn({ mark, wide, high, loose }: { mark: Mark; wide: number; high: number; loose?: boolean }) {
  const path = pathOf(mark, wide, high);
  const n = mark.kind === "number" ? mark : null;
  return (
    <g class={`mark-drawn${loose ? " loose" : ""}${n ? " number" : ""}`}>
      <path class="under" d={path} /><path d={path} />
      {n && <text x={n.at.x * wide} y={n.at.y * high + 5} text-anchor="middle">{n.n}</text>}
    </g>
  );
}

/** The line of a mark, in px. */
export function pathOf(mark: Mark, wide: number, high: number): string {
  if (mark.kind === "arrow") {
    const a = { x: mark.start.x * wide, y: mark.start.y * high }, b = { x: mark.end.x * wide, y: mark.end.y * high };
    const angle = Math.atan2(b.y - a.y, b.x - a.x);
    const barb = (side: number) => `${b.x - Math.cos(angle + side) * 14},${b.y - Math.sin(angle + side) * 14}`;
    return `M${a.x},${a.y}L${b.x},${b.y}M${barb(0.45)}L${b.x},${b.y}L${barb(-0.45)}`;
  }
  const [cx, cy, rx, ry] = mark.kind === "number" ? [mark.at.x * wide, mark.at.y * high, 11, 11]
    : [(mark.x + mark.w / 2) * wide, (mark.y + mark.h / 2) * high, (mark.w / 2) * wide, (mark.h / 2) * high];
  return `M${cx - rx},${cy}a${rx},${ry} 0 1 0 ${rx * 2},0a${rx},${ry} 0 1 0 ${-rx * 2},0`;
}
