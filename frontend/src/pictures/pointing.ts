/** Tells where one points no more often than the room passes it on, and always where the pointer came to rest. */
import type { Mark, Point } from "./shapes";

/** Shares of the picture `image`; `at` null: nowhere any more. */
export type Tell = (image: string, at: Point | null, drawn: Mark | null) => void;

/** In ms; the server passes on one in 100 ms a person and room. */
export const POINT_EVERY = 150;

/** Leaving is told at once and does not count: who comes back is seen again. The last of a quick movement is told late, never dropped. */
export function paced(tell: Tell): Tell {
  let told = -Infinity;
  let due: ReturnType<typeof setTimeout> | undefined;
  return (image, at, drawn) => {
    clearTimeout(due);
    if (!at) { tell(image, null, null); return; }
    const say = () => { told = performance.now(); tell(image, at, drawn); };
    const wait = told + POINT_EVERY - performance.now();
    if (wait > 0) due = setTimeout(say, wait);
    else say();
  };
}
