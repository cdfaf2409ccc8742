/** Draws a picture with what is laid over it, and makes the file that leaves the device: masks are pixels of it, and nothing lies under them. */
import { isMark, isMask, resultSize, shownOf, type Edit, type Mark, type Mask, type Size } from "./shapes";

type Canvas = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** The longest side that is sent; some phones draw nothing on a canvas of more than 16.7 million pixels. */
export const LONGEST = 4096;
const MASK = "#000";
const QUALITY = 0.9;

/** Opens a file upright. Rejects with a DOMException where this browser cannot read it (HEIC outside Apple's, most often). */
export const opened = (file: Blob): Promise<ImageBitmap> => createImageBitmap(file, { imageOrientation: "from-image" });

/** What multiplies a pixel of the result so that no side of it is over `longest`; never over 1. */
export const shrink = (size: Size, longest = LONGEST): number => Math.min(1, longest / Math.max(size.width, size.height));

/** From the picture's pixels to the result's, `scale` pixels of it each. */
function aim(canvas: Canvas, edit: Edit, size: Size, scale: number): void {
  const box = shownOf(edit, size);
  const out = resultSize(edit, size);
  canvas.setTransform(scale, 0, 0, scale, 0, 0);
  canvas.translate(out.width / 2, out.height / 2);
  canvas.rotate((edit.turn * Math.PI) / 2);
  canvas.translate(-box.x - box.w / 2, -box.y - box.h / 2);
}

export function drawPicture(canvas: Canvas, picture: CanvasImageSource, edit: Edit, size: Size, scale: number): void {
  aim(canvas, edit, size, scale);
  canvas.drawImage(picture, 0, 0);
}

export function drawMasks(canvas: Canvas, edit: Edit, size: Size, scale: number): void {
  aim(canvas, edit, size, scale);
  canvas.fillStyle = canvas.strokeStyle = MASK;
  for (const shape of edit.shapes) if (isMask(shape)) drawMask(canvas, shape, scale);
}

function drawMask(canvas: Canvas, mask: Mask, scale: number): void {
  if (mask.kind === "rect") {
    // Out to whole pixels: an edge that is half covered would let the pixels under it be guessed.
    const x = Math.floor(mask.x * scale) / scale, y = Math.floor(mask.y * scale) / scale;
    canvas.fillRect(x, y, Math.ceil((mask.x + mask.w) * scale) / scale - x, Math.ceil((mask.y + mask.h) * scale) / scale - y);
    return;
  }
  canvas.lineCap = canvas.lineJoin = "round";
  canvas.lineWidth = mask.width;
  canvas.beginPath();
  const [first, ...rest] = mask.points;
  if (!first) return;
  canvas.moveTo(first.x, first.y);
  if (!rest.length) canvas.lineTo(first.x + 0.01, first.y);
  for (const point of rest) canvas.lineTo(point.x, point.y);
  canvas.stroke();
}

/** The layer of marks, as thick as the result is large. */
export function drawMarks(canvas: Canvas, edit: Edit, size: Size, scale: number): void {
  aim(canvas, edit, size, scale);
  const out = resultSize(edit, size);
  const thick = Math.max(out.width, out.height) / 250;
  for (const shape of edit.shapes) if (isMark(shape)) drawMark(canvas, shape, thick, edit.turn);
}

/** Light on dark, so that it is seen on skin, on film and on white alike. */
export function drawMark(canvas: Canvas, mark: Mark, thick: number, turn = 0): void {
  const draw = (): void => {
    canvas.beginPath();
    if (mark.kind === "arrow") {
      const angle = Math.atan2(mark.end.y - mark.start.y, mark.end.x - mark.start.x);
      canvas.moveTo(mark.start.x, mark.start.y);
      canvas.lineTo(mark.end.x, mark.end.y);
      for (const side of [-0.45, 0.45]) {
        canvas.moveTo(mark.end.x, mark.end.y);
        canvas.lineTo(mark.end.x - Math.cos(angle + side) * thick * 5, mark.end.y - Math.sin(angle + side) * thick * 5);
      }
    } else if (mark.kind === "ellipse") {
      canvas.ellipse(mark.x + mark.w / 2, mark.y + mark.h / 2, mark.w / 2, mark.h / 2, 0, 0, 2 * Math.PI);
    } else {
      canvas.arc(mark.at.x, mark.at.y, thick * 3.2, 0, 2 * Math.PI);
    }
    canvas.stroke();
  };
  canvas.lineCap = canvas.lineJoin = "round";
  canvas.strokeStyle = "#14262b";
  canvas.lineWidth = thick * 2;
  draw();
  canvas.strokeStyle = "#fff";
  canvas.lineWidth = thick;
  draw();
  if (mark.kind !== "number") return;
  canvas.fillStyle = "#14262b";
  canvas.fill();
  canvas.save();
  canvas.translate(mark.at.x, mark.at.y);
  canvas.rotate((-turn * Math.PI) / 2);
  canvas.fillStyle = "#fff";
  canvas.font = `700 ${thick * 4}px sans-serif`;
  canvas.textAlign = "center";
  canvas.textBaseline = "middle";
  canvas.fillText(String(mark.n), 0, thick * 0.2);
  canvas.restore();
}

/** The file to send: turned, cropped, masked, at most LONGEST on a side, without a byte of the one that was opened. */
export async function burnt(picture: ImageBitmap, edit: Edit): Promise<Blob> {
  const out = resultSize(edit, picture);
  const scale = shrink(out);
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(out.width * scale));
  canvas.height = Math.max(1, Math.round(out.height * scale));
  const context = canvas.getContext("2d", { alpha: false })!;
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff"; // a JPEG has no holes; those of a PNG are paper
  context.fillRect(0, 0, canvas.width, canvas.height);
  drawPicture(context, picture, edit, picture, scale);
  drawMasks(context, edit, picture, scale);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  canvas.width = canvas.height = 0; // phones keep the memory of a canvas until it is empty
  if (!blob) throw new Error("picture.canvas");
  return blob;
}

