/** Looking closer: two fingers, the wheel or buttons; between the whole picture and eight times it. */
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { RefObject } from "preact";

const MOST = 8;

export function useZoom(box: RefObject<HTMLElement | null>) {
  const scale = useSignal(1);
  const shift = useSignal({ x: 0, y: 0 });
  const fingers = useRef(new Map<number, { x: number; y: number }>());
  const pinch = useRef<{ distance: number; x: number; y: number } | null>(null);

  const by = (factor: number) => {
    const next = Math.min(MOST, Math.max(1, scale.peek() * factor));
    const grown = next / scale.peek();
    scale.value = next;
    shift.value = next === 1 ? { x: 0, y: 0 } : { x: shift.peek().x * grown, y: shift.peek().y * grown };
  };

  useEffect(() => {
    const field = box.current!;
    const two = () => {
      const [a, b] = [...fingers.current.values()];
      return a && b ? { distance: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } : null;
    };
    const down = (event: PointerEvent) => {
      if (event.pointerType !== "touch") return;
      fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      pinch.current = two();
    };
    const move = (event: PointerEvent) => {
      if (!fingers.current.has(event.pointerId)) return;
      fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      const before = pinch.current, after = two();
      if (!before || !after) return;
      by(after.distance / before.distance);
      if (scale.peek() > 1) shift.value = { x: shift.peek().x + after.x - before.x, y: shift.peek().y + after.y - before.y };
      pinch.current = after;
    };
    const up = (event: PointerEvent) => { fingers.current.delete(event.pointerId); if (fingers.current.size < 2) pinch.current = null; };
    field.addEventListener("pointerdown", down, true);
    field.addEventListener("pointermove", move, true);
    field.addEventListener("pointerup", up, true);
    field.addEventListener("pointercancel", up, true);
    return () => {
      field.removeEventListener("pointerdown", down, true);
      field.removeEventListener("pointermove", move, true);
      field.removeEventListener("pointerup", up, true);
      field.removeEventListener("pointercancel", up, true);
    };
  }, []);

  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    if (event.ctrlKey || scale.peek() === 1) by(event.deltaY < 0 ? 1.1 : 1 / 1.1);
    else shift.value = { x: shift.peek().x - event.deltaX, y: shift.peek().y - event.deltaY };
  };

  return { scale, by, onWheel, pinching: () => pinch.current !== null, transform: useComputed(() => `translate(${shift.value.x}px, ${shift.value.y}px)`) };
}
