/** The mask editor: what must not be seen is covered here, before anything leaves the device; what should be seen is pointed at. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { burnt, drawMarks, drawMasks, drawPicture, opened } from "../../pictures/burn";
import {
  added, begun, boxOf, cropped, done, fromResult, isMask, layerOf, moved, nextNumber, now, redone, redrawn, relaid, replaced, resized, resultSize, turned, undone, untouched, within,
  without, masked, type Edit, type Mark, type Point, type Seen, type Shape,
} from "../../pictures/shapes";
import { pictureWords } from "../../i18n/pictures";
import { Icon } from "../parts/icons";
import { Sheet } from "../parts/sheet";
import { tools, type Tool } from "./tools";
import { Stage, useStage } from "./Stage";
import "./editor.css";

/** `file` is the one that was opened, untouched, or a new one that only holds what is seen. */
export interface Prepared {
  file: Blob; marks: Mark[]; edit: Edit;
  /** This browser cannot open it: the server may. */
  unread?: boolean;
}

/** `edit`, or where only the picture as it left is there, `marks`: what was laid over it before. `masksOnly`: boxes over a picture that is elsewhere already, nothing else. `proposed`: where the server saw a face or words in what was sent. */
export function Editor({ file, edit, marks = [], masksOnly, proposed = [], onDone, onClose }: { file: Blob; edit?: Edit; marks?: Mark[]; masksOnly?: boolean; proposed?: Seen[]; onDone: (prepared: Prepared) => void; onClose: () => void }) {
  const t = pictureWords();
  const picture = useSignal<ImageBitmap | null>(null);
  const failure = useSignal<"unread" | "failed" | null>(null);
  const busy = useSignal(false);
  const tool = useSignal<Tool>("rect");
  const history = useSignal(begun(edit));
  const layer = useSignal(true);
  const chosen = useSignal(-1);
  const current = now(history.value);
  const offered = masksOnly ? tools.slice(0, 1) : tools;

  useEffect(() => {
    let gone = false;
    let mine: ImageBitmap | null = null;
    opened(file).then(
      (bitmap) => {
        if (gone) { bitmap.close(); return; }
        picture.value = mine = bitmap;
        history.value = begun(masked(edit ?? relaid(marks, bitmap), proposed, bitmap));
      },
      () => { failure.value = "unread"; },
    );
    return () => { gone = true; mine?.close(); };
  }, [file]);

  const put = (next: Edit, choose = -1) => { history.value = done(history.value, next); chosen.value = choose; };
  const back = (to: typeof undone) => { history.value = to(history.value); chosen.value = -1; };

  const keep = async () => {
    if (!picture.value || busy.value) return;
    busy.value = true;
    try {
      const made = redrawn(current) && !masksOnly ? await burnt(picture.value, current) : file;
      onDone({ file: made, marks: layerOf(current, picture.value), edit: current });
    } catch {
      failure.value = "failed";
    } finally {
      busy.value = false;
    }
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() === "z") { event.preventDefault(); back(event.shiftKey ? redone : undone); }
      return;
    }
    const found = offered.find((one) => one.key === event.key.toLowerCase());
    if (found && !event.altKey) { event.preventDefault(); tool.value = found.name; }
  };

  return (
    <Sheet title={t.editor} onClose={onClose} bare>
      <div class="picture-editor" onKeyDown={onKey}>
        <header class="row">
          <button type="button" class="btn" onClick={onClose}>{t.cancel}</button>
          <span class="grow" />
          <button type="button" class="icon-btn" aria-label={t.undo} title={t.undo} disabled={history.value.at === 0} onClick={() => back(undone)}><Icon name="reply" /></button>
          <button type="button" class="icon-btn turned" aria-label={t.redo} title={t.redo} disabled={history.value.at === history.value.steps.length - 1} onClick={() => back(redone)}><Icon name="reply" /></button>
          <button type="button" class="btn primary" disabled={!picture.value || busy.value} onClick={() => void keep()}>{t.done}</button>
        </header>
        {failure.value && (
          <div class="note block" role="alert"><Icon name="alert" />
            <div class="grow"><p>{failure.value === "unread" ? t.unread : t.failed}</p>{failure.value === "unread" && <p>{t.unreadWhat}</p>}
              {failure.value === "unread" && !masksOnly && <button type="button" class="link under" onClick={() => onDone({ file, marks: [], edit: untouched, unread: true })}>{t.asIs}</button>}</div>
          </div>
        )}
        {proposed.length > 0 && picture.value && <p class="meta editor-note" role="status">{t.proposed}</p>}
        {picture.value
          ? <Ground picture={picture.value} edit={current} tool={tool.value} layer={layer.value} chosen={chosen.value} onPut={put} />
          : <div class="stage" aria-busy={!failure.value}>{!failure.value && <p role="status">{t.opening}</p>}</div>}
        <div class="editor-tools" role="group" aria-label={t.tools}>
          {offered.map(({ name, key, path, solid }) => (
            <button type="button" aria-pressed={tool.value === name} aria-keyshortcuts={key} title={`${t[name]} (${key.toUpperCase()})`} onClick={() => (tool.value = name)} key={name}>
              <svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d={path} fill={solid ? "currentColor" : undefined} /></svg><span>{t[name]}</span>
            </button>
          ))}
          {!masksOnly && <button type="button" disabled={!picture.value} onClick={() => put(turned(current))}><Icon name="sync" /><span>{t.turn}</span></button>}
          {!masksOnly && <button type="button" aria-pressed={layer.value} onClick={() => (layer.value = !layer.value)}><Icon name="eye" /><span>{layer.value ? t.layer : t.layerHidden}</span></button>}
        </div>
        <p class="meta editor-note">{masksOnly ? t.burntThere : t.burnt}</p>
        <Shapes edit={current} chosen={chosen.value} onChoose={(at) => (chosen.value = at)} onRemove={(at) => put(without(current, at))} />
      </div>
    </Sheet>
  );
}

interface GroundProps { picture: ImageBitmap; edit: Edit; tool: Tool; layer: boolean; chosen: number; onPut: (edit: Edit, chosen?: number) => void }

/** The picture, and what a finger, a mouse or the keyboard lays on it. */
function Ground({ picture, edit, tool, layer, chosen, onPut }: GroundProps) {
  const t = pictureWords();
  const stage = useStage();
  const { size, zoom } = stage;
  const canvas = useRef<HTMLCanvasElement>(null);
  const line = useRef<Point[]>([]);
  const drawn = useSignal(0);

  const out = resultSize(edit, picture);
  const fit = Math.min(size.value.width / out.width, size.value.height / out.height) || 0;
  const shown = fit * zoom.scale.value;
  // On screen a pixel is as fine as the screen's, within what phones can hold.
  const fine = Math.min(shown * devicePixelRatio, 4096 / Math.max(out.width, out.height));
  const draft = draftOf(tool, line.current, picture, edit, shown);

  useLayoutEffect(() => {
    const field = canvas.current!;
    if (!fine) return;
    field.width = Math.max(1, Math.round(out.width * fine));
    field.height = Math.max(1, Math.round(out.height * fine));
    const context = field.getContext("2d")!;
    const whole = draft && draft !== "crop" ? added(edit, draft) : edit;
    drawPicture(context, picture, edit, picture, fine);
    drawMasks(context, whole, picture, fine);
    if (layer) drawMarks(context, whole, picture, fine);
  }, [picture, edit, fine, layer, drawn.value, out.width, out.height]);

  const at = (event: PointerEvent): Point => {
    const place = canvas.current!.getBoundingClientRect();
    return fromResult({ x: (event.clientX - place.left) / place.width, y: (event.clientY - place.top) / place.height }, edit, picture);
  };
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0 || zoom.pinching()) { line.current = []; return; }
    canvas.current!.setPointerCapture(event.pointerId);
    line.current = [at(event)];
    drawn.value++;
  };
  const onMove = (event: PointerEvent) => {
    if (!line.current.length) return;
    if (zoom.pinching()) { line.current = []; drawn.value++; return; }
    line.current.push(at(event));
    drawn.value++;
  };
  const onUp = () => {
    const made = draftOf(tool, line.current, picture, edit, shown);
    if (made === "crop") onPut(cropped(edit, boxOf(line.current[0]!, line.current.at(-1)!), picture));
    else if (made) onPut(added(edit, made), edit.shapes.length);
    line.current = [];
    drawn.value++;
  };

  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const shape = edit.shapes[chosen];
    const far = Math.max(picture.width, picture.height) / 100;
    if (event.key === "Enter" && tool !== "crop") {
      event.preventDefault();
      onPut(added(edit, middling(tool, edit, picture)), edit.shapes.length);
    } else if (step && shape) {
      event.preventDefault();
      const act = event.shiftKey ? resized : moved;
      // The arrows go as one sees the picture, not as it lies in the file.
      const [dx, dy] = seenAs(step[0]! * far, step[1]! * far, edit.turn);
      onPut(replaced(edit, chosen, act(shape, dx, dy)), chosen);
    } else if ((event.key === "Delete" || event.key === "Backspace") && shape) {
      event.preventDefault();
      onPut(without(edit, chosen));
    }
  };

  const from = line.current[0], to = line.current.at(-1);
  return (
    <Stage of={stage}>
      <div class="stage-in" style={{ width: `${out.width * shown}px`, height: `${out.height * shown}px`, transform: zoom.transform.value }}>
        <canvas ref={canvas} tabIndex={0} role="application" aria-label={t.canvas} onKeyDown={onKey}
          onPointerDown={onDown} onPointerMove={onMove} onPointerUp={onUp} onPointerCancel={() => { line.current = []; drawn.value++; }} />
        {tool === "crop" && from && to && draft === "crop" && <Frame from={from} to={to} edit={edit} picture={picture} />}
      </div>
    </Stage>
  );
}

function Frame({ from, to, edit, picture }: { from: Point; to: Point; edit: Edit; picture: ImageBitmap }) {
  const mark = layerOf({ ...edit, shapes: [{ kind: "ellipse", ...boxOf(from, to) }] }, picture)[0] as { x: number; y: number; w: number; h: number };
  return <i class="crop-frame" style={{ left: `${mark.x * 100}%`, top: `${mark.y * 100}%`, width: `${mark.w * 100}%`, height: `${mark.h * 100}%` }} />;
}

/** The shape that this stroke would lay; "crop" for a frame; null for none yet. */
function draftOf(tool: Tool, line: Point[], picture: ImageBitmap, edit: Edit, shown: number): Shape | "crop" | null {
  const from = line[0], to = line.at(-1);
  if (!from || !to) return null;
  if (tool === "brush") return { kind: "brush", points: [...line], width: shown ? 24 / shown : 24 };
  if (tool === "number") return { kind: "number", at: to, n: nextNumber(edit) };
  const box = within(boxOf(from, to), picture);
  if (tool === "arrow") return Math.hypot(to.x - from.x, to.y - from.y) * shown < 8 ? null : { kind: "arrow", start: from, end: to };
  if (!box || box.w * shown < 4 || box.h * shown < 4) return null;
  return tool === "crop" ? "crop" : { kind: tool, ...box };
}

/** A shape in the middle of what is seen, for who lays it by keyboard. */
function middling(tool: Exclude<Tool, "crop">, edit: Edit, picture: ImageBitmap): Shape {
  const from = fromResult({ x: 0.4, y: 0.4 }, edit, picture), to = fromResult({ x: 0.6, y: 0.6 }, edit, picture);
  if (tool === "number") return { kind: "number", at: fromResult({ x: 0.5, y: 0.5 }, edit, picture), n: nextNumber(edit) };
  if (tool === "arrow") return { kind: "arrow", start: from, end: to };
  if (tool === "brush") return { kind: "rect", ...boxOf(from, to) }; // a stroke has no keyboard; a box covers as well
  return { kind: tool, ...boxOf(from, to) };
}

function seenAs(dx: number, dy: number, turn: number): [number, number] {
  return ([[dx, dy], [dy, -dx], [-dx, -dy], [-dy, dx]] as const)[turn]! as [number, number];
}

/** What lies on the picture, for the keyboard and for who does not see it. */
function Shapes({ edit, chosen, onChoose, onRemove }: { edit: Edit; chosen: number; onChoose: (at: number) => void; onRemove: (at: number) => void }) {
  const t = pictureWords();
  const counted: Record<string, number> = {};
  return (
    <ul class="editor-shapes" aria-label={t.shapes}>
      {edit.shapes.length === 0 && <li class="meta third">{t.noShapes}</li>}
      {edit.shapes.map((shape, at) => {
        const n = (counted[shape.kind] = (counted[shape.kind] ?? 0) + 1);
        const name = t.shape(t[shape.kind], shape.kind === "number" ? shape.n : n);
        return (
          <li key={at}>
            <button type="button" class={isMask(shape) ? "mask" : undefined} aria-pressed={chosen === at} onClick={() => onChoose(at)}>{name}</button>
            <button type="button" class="icon-btn" aria-label={t.remove(name)} onClick={() => onRemove(at)}><Icon name="close" size="small" /></button>
          </li>
        );
      })}
    </ul>
  );
}
