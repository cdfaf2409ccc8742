/** The neutral ground that a picture lies on, as large as its place; two fingers, the wheel or two buttons look closer. */
import type { ComponentChildren } from "preact";
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { pictureWords } from "../../i18n/pictures";
import { Icon } from "../parts/icons";
import { useZoom } from "./useZoom";
import "./stage.css";

/** The ground's size on the screen in px, and how close one looks. */
export function useStage() {
  const box = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const seen = new ResizeObserver(() => (size.value = { width: box.current!.clientWidth, height: box.current!.clientHeight }));
    seen.observe(box.current!);
    return () => seen.disconnect();
  }, []);
  return { box, size, zoom: useZoom(box) };
}

export function Stage({ of: { box, zoom }, children }: { of: ReturnType<typeof useStage>; children: ComponentChildren }) {
  const t = pictureWords();
  return (
    <div class="stage" ref={box} onWheel={zoom.onWheel}>
      {children}
      <div class="zooms">
        <button type="button" class="icon-btn" aria-label={t.zoom} onClick={() => zoom.by(1.5)}><Icon name="plus" /></button>
        <button type="button" class="icon-btn" aria-label={t.unzoom} disabled={zoom.scale.value <= 1} onClick={() => zoom.by(1 / 1.5)}><svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="M4 10h12" /></svg></button>
      </div>
    </div>
  );
}
