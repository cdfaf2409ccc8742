/** One picture at a time, on neutral grey; colleagues point at it together, live, and keep what should stay. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { boxOf, type Mark, type Point } from "../../pictures/shapes";
import { pictureWords } from "../../i18n/pictures";
import { Problem } from "../parts/atoms";
import { Icon } from "../parts/icons";
import { Sheet } from "../parts/sheet";
import { Overlay, type PointerAt } from "./Overlay";
import { tools, type Tool } from "./tools";
import { Stage, useStage } from "./Stage";
import "./viewer.css";

export interface Seen { id: string; src: string; alt: string }
export interface KeptMark { id: string; mark: Mark; by: string; mine: boolean }

export interface ViewerProps {
  pictures: readonly Seen[];
  first: number;
  /** What stays on the picture `id`, and who points at it now. */
  kept(id: string): readonly KeptMark[];
  pointers(id: string): readonly PointerAt[];
  /** Tells the others where one points; null: nowhere any more. */
  point(id: string, at: Point | null, mark: Mark | null): void;
  keep(id: string, mark: Mark): Promise<void>;
  unkeep(id: string, mark: string): Promise<void>;
  onSeen?(id: string): void;
  onClose(): void;
}

type Marking = Extract<Tool, "arrow" | "ellipse" | "number">;
const marking = (name: Tool): name is Marking => name === "arrow" || name === "ellipse" || name === "number";

export function Viewer(props: ViewerProps) {
  const { pictures, first, kept, pointers, point, keep, unkeep, onSeen, onClose } = props;
  const t = pictureWords();
  const at = useSignal(first);
  const layer = useSignal(true);
  const tool = useSignal<Marking | null>(null);
  const loose = useSignal<Mark | null>(null);
  /** Marks on their way to be kept, drawn meanwhile; the next one is drawn beside them. */
  const going = useSignal<readonly { image: string; mark: Mark }[]>([]);
  const error = useSignal<unknown>(null);
  const picture = pictures[at.value]!;
  const marks = kept(picture.id);
  const sending = going.value.filter((one) => one.image === picture.id).map((one) => one.mark);

  useEffect(() => { onSeen?.(picture.id); loose.value = null; return () => point(picture.id, null, null); }, [picture.id]);

  const go = (step: number) => { at.value = (at.value + step + pictures.length) % pictures.length; };
  const settle = async (act: Promise<void>) => { error.value = null; try { await act; } catch (said) { error.value = said; } };
  const onKeep = () => {
    const mark = loose.value, image = picture.id;
    if (!mark) return;
    const one = { image, mark };
    loose.value = null;
    going.value = [...going.peek(), one];
    void settle(keep(image, mark).catch((why: unknown) => {
      if (!loose.peek() && pictures[at.peek()]?.id === image) loose.value = mark;
      throw why;
    }).finally(() => { going.value = going.peek().filter((other) => other !== one); }));
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    const found = tools.find((one) => one.key === key && marking(one.name));
    if (event.key === "ArrowLeft") go(-1);
    else if (event.key === "ArrowRight") go(1);
    else if (key === "a") tool.value = tool.value ? null : "arrow";
    else if (key === "h") layer.value = !layer.value;
    else if (key === "k" && loose.value) onKeep();
    else if (found && tool.value) tool.value = found.name as Marking;
    else return;
    event.preventDefault();
  };

  return (
    <Sheet title={picture.alt || t.picture(at.value + 1, pictures.length)} onClose={onClose} bare>
      <div class="picture-viewer" onKeyDown={onKey}>
        <header class="row">
          <span class="grow one-line">{t.picture(at.value + 1, pictures.length)}</span>
          <button type="button" class="icon-btn" aria-pressed={layer.value} aria-label={layer.value ? t.layer : t.layerHidden} title={`${t.layer} (H)`} onClick={() => (layer.value = !layer.value)}><Icon name="eye" /></button>
          <button type="button" class="icon-btn" aria-pressed={tool.value !== null} aria-label={t.annotate} title={`${t.annotate} (A)`} onClick={() => (tool.value = tool.value ? null : "arrow")}><Icon name="edit" /></button>
          <button type="button" class="icon-btn" aria-label={t.close} onClick={onClose}><Icon name="close" /></button>
        </header>
        <Looked key={picture.id} picture={picture} marks={[...(layer.value ? marks.map((one) => one.mark) : []), ...sending]} pointers={pointers(picture.id)} tool={tool.value} loose={loose}
          count={marks.length + sending.length} onPoint={(where, mark) => point(picture.id, where, mark)} />
        <Problem error={error.value} />
        {pictures.length > 1 && (
          <div class="row between">
            <button type="button" class="btn" onClick={() => go(-1)}><Icon name="back" />{t.before}</button>
            <button type="button" class="btn" onClick={() => go(1)}>{t.after}<Icon name="right" /></button>
          </div>
        )}
        {tool.value && (
          <div class="viewer-tools" role="group" aria-label={t.tools}>
            {tools.filter((one) => marking(one.name)).map(({ name, key, path }) => (
              <button type="button" aria-pressed={tool.value === name} title={`${t[name]} (${key.toUpperCase()})`} onClick={() => (tool.value = name as Marking)} key={name}>
                <svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d={path} /></svg><span>{t[name]}</span>
              </button>
            ))}
            <button type="button" class="primary" disabled={!loose.value} onClick={onKeep}><Icon name="pin" /><span>{t.keepMark}</span></button>
          </div>
        )}
        {tool.value && <p class="meta">{t.passing}</p>}
        {layer.value && marks.length > 0 && (
          <ul class="kept-marks" aria-label={t.shapes}>
            {marks.map((one) => (
              <li key={one.id}><span>{t.markBy(t[one.mark.kind], one.by)}</span>
                {one.mine && <button type="button" class="icon-btn" aria-label={t.remove(t[one.mark.kind])} onClick={() => void settle(unkeep(picture.id, one.id))}><Icon name="close" size="small" /></button>}
              </li>
            ))}
          </ul>
        )}
      </div>
    </Sheet>
  );
}

interface LookedProps {
  picture: Seen; marks: readonly Mark[]; pointers: readonly PointerAt[]; tool: Marking | null; loose: { value: Mark | null }; count: number;
  onPoint(at: Point | null, mark: Mark | null): void;
}

/** The picture itself: two fingers, wheel and double tap look closer; a mouse points by being there, a finger by resting. */
function Looked({ picture, marks, pointers, tool, loose, count, onPoint }: LookedProps) {
  const t = pictureWords();
  const stage = useStage();
  const { box, size: room, zoom } = stage;
  const natural = useSignal({ width: 0, height: 0 });
  const lost = useSignal(false);
  const from = useRef<Point | null>(null);

  const fit = natural.value.width ? Math.min(room.value.width / natural.value.width, room.value.height / natural.value.height, 1) : 0;
  const wide = natural.value.width * fit * zoom.scale.value, high = natural.value.height * fit * zoom.scale.value;

  const at = (event: PointerEvent | MouseEvent): Point => {
    const place = box.current!.querySelector("img")!.getBoundingClientRect();
    const share = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 1e4) / 1e4;
    return { x: share((event.clientX - place.left) / place.width), y: share((event.clientY - place.top) / place.height) };
  };
  const markTo = (to: Point): Mark | null => {
    const start = from.current;
    if (!tool || !start) return null;
    if (tool === "number") return { kind: "number", at: to, n: count + 1 };
    if (Math.hypot((to.x - start.x) * wide, (to.y - start.y) * high) < 8) return null;
    return tool === "arrow" ? { kind: "arrow", start, end: to } : { kind: "ellipse", ...boxOf(start, to) };
  };
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0 || zoom.pinching()) return;
    from.current = at(event);
    if (tool) (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    if (event.pointerType === "touch" && !tool) onPoint(from.current, null);
  };
  const onMove = (event: PointerEvent) => {
    if (zoom.pinching()) { from.current = null; return; }
    const here = at(event);
    if (tool && from.current) loose.value = markTo(here);
    if (event.pointerType !== "touch" || from.current) onPoint(here, loose.value);
  };
  const onUp = (event: PointerEvent) => {
    if (tool && from.current) { loose.value = markTo(at(event)) ?? loose.value; onPoint(at(event), loose.value); }
    from.current = null;
  };
  /** To one pixel of the picture for one of the screen, and back. */
  const onDouble = () => { if (!tool) zoom.by(zoom.scale.peek() > 1 ? 1 / zoom.scale.peek() : Math.max(2, fit ? 1 / fit / devicePixelRatio : 2)); };

  return (
    <Stage of={stage}>
      {lost.value && <p role="status">{t.lost}</p>}
      <div class={`stage-in${tool ? " marking" : ""}`} style={{ width: `${wide}px`, height: `${high}px`, transform: zoom.transform.value }}
        onPointerDown={onDown} onPointerMove={onMove} onPointerUp={onUp} onPointerLeave={() => onPoint(null, null)} onDblClick={onDouble}>
        <img src={picture.src} alt={picture.alt} draggable={false} decoding="async" hidden={lost.value}
          onLoad={(event) => (natural.value = { width: event.currentTarget.naturalWidth, height: event.currentTarget.naturalHeight })} onError={() => (lost.value = true)} />
        {wide > 0 && <Overlay marks={marks} pointers={pointers} wide={wide} high={high} loose={loose.value} />}
      </div>
    </Stage>
  );
}
