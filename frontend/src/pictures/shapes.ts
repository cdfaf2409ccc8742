/** What is laid over a picture before it leaves the device: masks that are burnt in, marks that stay a layer, turn and crop.
 *
 * All coordinates are pixels of the upright picture as it was opened, whatever turn and crop show of it. */

export interface Point { x: number; y: number }
export interface Box { x: number; y: number; w: number; h: number }
export type Mask = { kind: "rect" } & Box | { kind: "brush"; points: Point[]; width: number };
export type Mark = { kind: "arrow"; start: Point; end: Point } | ({ kind: "ellipse" } & Box) | { kind: "number"; at: Point; n: number };
export type Shape = Mask | Mark;
/** Quarter turns clockwise. */
export type Turn = 0 | 1 | 2 | 3;

export interface Edit { turn: Turn; crop: Box | null; shapes: Shape[] }
export interface Size { width: number; height: number }

export const untouched: Edit = { turn: 0, crop: null, shapes: [] };
/** Smaller boxes are a slip of the finger. */
const LEAST = 4;

export const isMask = (shape: Shape): shape is Mask => shape.kind === "rect" || shape.kind === "brush";
export const isMark = (shape: Shape): shape is Mark => !isMask(shape);
/** Whether the file itself may no longer be sent: what is masked, cut away or turned must be drawn anew here. */
export const redrawn = (edit: Edit): boolean => edit.turn !== 0 || edit.crop !== null || edit.shapes.some(isMask);

export function boxOf(from: Point, to: Point): Box {
  return { x: Math.min(from.x, to.x), y: Math.min(from.y, to.y), w: Math.abs(to.x - from.x), h: Math.abs(to.y - from.y) };
}

/** The part of a box that lies inside the picture; null where too little of it does. */
export function within(box: Box, size: Size): Box | null {
  const x = Math.max(0, box.x), y = Math.max(0, box.y);
  const w = Math.min(size.width, box.x + box.w) - x, h = Math.min(size.height, box.y + box.h) - y;
  return w >= LEAST && h >= LEAST ? { x, y, w, h } : null;
}

/** What a person sees of the picture, before it is turned. */
export const shownOf = (edit: Edit, size: Size): Box => edit.crop ?? { x: 0, y: 0, w: size.width, h: size.height };

/** Width and height of the result at full size. */
export function resultSize(edit: Edit, size: Size): Size {
  const { w, h } = shownOf(edit, size);
  return edit.turn % 2 ? { width: h, height: w } : { width: w, height: h };
}

/** The boxes that cover, as left, top, width and height in shares of the picture: what the server burns in. */
export function masksOf(edit: Edit, size: Size): [number, number, number, number][] {
  const share = (part: number, whole: number) => Math.min(1, Math.max(0, part / whole));
  return edit.shapes.flatMap((one) => {
    if (one.kind !== "rect") return [];
    const left = share(one.x, size.width), top = share(one.y, size.height);
    return [[left, top, share(one.x + one.w, size.width) - left, share(one.y + one.h, size.height) - top]];
  });
}

/** From a place in the picture to a place in the result, in shares of its width and height. */
export function toResult(point: Point, edit: Edit, size: Size): Point {
  const box = shownOf(edit, size);
  const x = (point.x - box.x) / box.w, y = (point.y - box.y) / box.h;
  switch (edit.turn) {
    case 0: return { x, y };
    case 1: return { x: 1 - y, y: x };
    case 2: return { x: 1 - x, y: 1 - y };
    case 3: return { x: y, y: 1 - x };
  }
}

/** The way back: from shares of the result to a place in the picture. */
export function fromResult(share: Point, edit: Edit, size: Size): Point {
  const box = shownOf(edit, size);
  const { x, y } = { 0: share, 1: { x: share.y, y: 1 - share.x }, 2: { x: 1 - share.x, y: 1 - share.y }, 3: { x: 1 - share.y, y: share.x } }[edit.turn];
  return { x: box.x + x * box.w, y: box.y + y * box.h };
}

export const turned = (edit: Edit): Edit => ({ ...edit, turn: ((edit.turn + 1) % 4) as Turn });
export const cropped = (edit: Edit, box: Box, size: Size): Edit => ({ ...edit, crop: within(box, size) ?? edit.crop });
export const added = (edit: Edit, shape: Shape): Edit => ({ ...edit, shapes: [...edit.shapes, shape] });
export const without = (edit: Edit, at: number): Edit => ({ ...edit, shapes: edit.shapes.filter((_, i) => i !== at) });
export const replaced = (edit: Edit, at: number, shape: Shape): Edit => ({ ...edit, shapes: edit.shapes.map((one, i) => (i === at ? shape : one)) });

/** The next free number: one that was taken back is given again only if it was the last. */
export function nextNumber(edit: Edit): number {
  return edit.shapes.reduce((most, shape) => (shape.kind === "number" ? Math.max(most, shape.n) : most), 0) + 1;
}

export function moved(shape: Shape, dx: number, dy: number): Shape {
  const by = (p: Point): Point => ({ x: p.x + dx, y: p.y + dy });
  switch (shape.kind) {
    case "rect": case "ellipse": return { ...shape, x: shape.x + dx, y: shape.y + dy };
    case "brush": return { ...shape, points: shape.points.map(by) };
    case "arrow": return { ...shape, start: by(shape.start), end: by(shape.end) };
    case "number": return { ...shape, at: by(shape.at) };
  }
}

/** Larger or smaller by these pixels; a number and a brush keep their size. */
export function resized(shape: Shape, dw: number, dh: number): Shape {
  switch (shape.kind) {
    case "rect": case "ellipse": return { ...shape, w: Math.max(LEAST, shape.w + dw), h: Math.max(LEAST, shape.h + dh) };
    case "arrow": return { ...shape, end: { x: shape.end.x + dw, y: shape.end.y + dh } };
    case "brush": case "number": return shape;
  }
}

/** The marks as they go with the picture: in shares of the result, so that they fit every size of it. */
export function layerOf(edit: Edit, size: Size): Mark[] {
  return edit.shapes.filter(isMark).map((mark) => placed(mark, (p) => toResult(p, edit, size)));
}

/** The way back, to change them anew over the picture that they went with. */
export const relaid = (marks: readonly Mark[], size: Size): Edit => ({ ...untouched, shapes: marks.map((mark) => placed(mark, (p) => fromResult(p, untouched, size))) });

function placed(mark: Mark, to: (p: Point) => Point): Mark {
  const at = (p: Point) => round(to(p));
  if (mark.kind === "arrow") return { ...mark, start: at(mark.start), end: at(mark.end) };
  if (mark.kind === "number") return { ...mark, at: at(mark.at) };
  const box = boxOf(at({ x: mark.x, y: mark.y }), at({ x: mark.x + mark.w, y: mark.y + mark.h }));
  return { kind: "ellipse", x: fine(box.x), y: fine(box.y), w: fine(box.w), h: fine(box.h) };
}

const fine = (share: number) => Math.round(share * 1e4) / 1e4;
const round = (p: Point): Point => ({ x: fine(p.x), y: fine(p.y) });

/** What was done, with the way back and forth. */
export interface History { steps: Edit[]; at: number }

export const begun = (edit: Edit = untouched): History => ({ steps: [edit], at: 0 });
export const now = (history: History): Edit => history.steps[history.at]!;
export const done = (history: History, edit: Edit): History => ({ steps: [...history.steps.slice(0, history.at + 1), edit], at: history.at + 1 });
export const undone = (history: History): History => ({ ...history, at: Math.max(0, history.at - 1) });
export const redone = (history: History): History => ({ ...history, at: Math.min(history.steps.length - 1, history.at + 1) });

/** What the server saw in the picture that was sent: left, top, width, height as parts of the whole. */
export type Seen = [number, number, number, number];

/** With a mask over each place that was seen; they lie in what was sent, so as it was turned and cropped. */
export const masked = (edit: Edit, seen: readonly Seen[], size: Size): Edit => ({
  ...edit,
  shapes: [...edit.shapes, ...seen.map(([x, y, w, h]): Shape => ({ kind: "rect", ...boxOf(fromResult({ x, y }, edit, size), fromResult({ x: x + w, y: y + h }, edit, size)) }))],
});
