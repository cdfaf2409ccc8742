/** Layers over the page: sheets and menus. The browser's own dialog traps focus; we give it back. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { words } from "../../i18n";
import { Icon } from "./icons";

/** How many layers are open; the page's single keys wait meanwhile. */
let open = 0;
export const layered = () => open > 0;

function useLayer(onClose: () => void, place?: (layer: HTMLDialogElement) => void) {
  const ref = useRef<HTMLDialogElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  useLayoutEffect(() => {
    const layer = ref.current!;
    const before = document.activeElement;
    layer.showModal();
    place?.(layer);
    open++;
    const onCancel = (event: Event) => { event.preventDefault(); close.current(); };
    // A press that begins and ends on the veil closes; a drag that only ends there does not.
    let onVeil = false;
    const onDown = (event: Event) => (onVeil = event.target === layer);
    const onClick = (event: Event) => { if (onVeil && event.target === layer) close.current(); };
    layer.addEventListener("cancel", onCancel);
    layer.addEventListener("pointerdown", onDown);
    layer.addEventListener("click", onClick);
    return () => {
      open--;
      if (!layer.open) return; // closed by what was picked in it, which has the focus where it wants it
      layer.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return ref;
}

export function Sheet({ title, side = "center", onClose, children, bare }: {
  title: string; side?: "center" | "left" | "right" | "top"; onClose: () => void; children: ComponentChildren; bare?: boolean;
}) {
  const ref = useLayer(onClose);
  return (
    <dialog class={`sheet ${side}`} aria-label={title} ref={ref}>
      <div class="sheet-in">
        {!bare && (
          <header class="sheet-head">
            <h2>{title}</h2>
            <button type="button" class="icon-btn" aria-label={words().shell.close} onClick={onClose}><Icon name="close" /></button>
          </header>
        )}
        {children}
      </div>
    </dialog>
  );
}

/** A menu beside what opened it; on a phone it rises from the bottom (style sheet). */
export function Menu({ anchor, label, onClose, children }: { anchor: HTMLElement; label: string; onClose: () => void; children: ComponentChildren }) {
  const ref = useLayer(onClose, (layer) => {
    const at = anchor.getBoundingClientRect();
    const size = layer.getBoundingClientRect();
    const below = at.bottom + 4 + size.height <= innerHeight - 8;
    layer.style.setProperty("--menu-top", `${Math.max(8, below ? at.bottom + 4 : at.top - size.height - 4)}px`);
    layer.style.setProperty("--menu-left", `${Math.min(innerWidth - size.width - 8, Math.max(8, at.right - size.width))}px`);
    layer.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
  });
  const move = (event: KeyboardEvent) => {
    const items = [...ref.current!.querySelectorAll<HTMLElement>("[role^=menuitem]")];
    const now = items.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined) { if (event.key === "Tab") onClose(); return; }
    event.preventDefault();
    items[(to + items.length) % items.length]?.focus();
  };
  return (
    <dialog class="menu" ref={ref}>
      <div class="menu-in" role="menu" aria-label={label} onKeyDown={move}>{children}</div>
    </dialog>
  );
}

/** The menu is gone before the act begins, or the page behind it could not take the focus. */
export function MenuItem({ onPick, danger, children, checked }: { onPick: () => void; danger?: boolean; checked?: boolean; children: ComponentChildren }) {
  const act = (event: MouseEvent) => { (event.currentTarget as HTMLElement).closest("dialog")?.close(); onPick(); };
  return (
    <button type="button" role={checked === undefined ? "menuitem" : "menuitemcheckbox"} aria-checked={checked} tabIndex={-1}
      class={danger ? "danger" : undefined} onClick={act}>{children}</button>
  );
}
