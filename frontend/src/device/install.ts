/** Installing the app: the browser's own offer, kept until the person asks for it; and how it is done where there is none. */
import { signal, type ReadonlySignal } from "@preact/signals";

interface InstallOffer extends Event { prompt(): Promise<void>; userChoice: Promise<{ outcome: "accepted" | "dismissed" }> }

const offer = signal<InstallOffer | null>(null);
export const installable: ReadonlySignal<unknown> = offer;

export const isInstalled = (): boolean => matchMedia("(display-mode: standalone)").matches || (navigator as { standalone?: boolean }).standalone === true;
/** An iPad says that it is a Mac; a Mac has no touch screen. */
export const isApple = (): boolean => /iPhone|iPad|iPod/.test(navigator.userAgent) || (/Mac/.test(navigator.platform) && navigator.maxTouchPoints > 1);

export function startInstall(): void {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer.value = event as InstallOffer;
  });
  addEventListener("appinstalled", () => (offer.value = null));
}

export async function install(): Promise<void> {
  const held = offer.peek();
  offer.value = null;
  await held?.prompt();
}
