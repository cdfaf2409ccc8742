/** The app's open windows, and what they answer when asked. */

declare const self: ServiceWorkerGlobalScope;

/** A window that does not answer within this is asleep, or is not ours any more. One that is in sight is awake, and may be busy on a slow phone. */
const WITHIN = 700, AWAKE_WITHIN = 2500;

export async function windows(): Promise<readonly WindowClient[]> {
  return self.clients.matchAll({ type: "window", includeUncontrolled: true });
}

/** Asks one window; null where it does not answer. */
export function ask<T>(window: WindowClient, question: object): Promise<T | null> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), window.visibilityState === "visible" ? AWAKE_WITHIN : WITHIN);
    port1.onmessage = (event: MessageEvent<T>) => {
      clearTimeout(timer);
      resolve(event.data);
    };
    window.postMessage(question, [port2]);
  });
}

/** Whether the person looks at this room right now. The page knows best whether it has the focus. */
export async function shownIn(open: readonly WindowClient[], room: string): Promise<boolean> {
  const visible = open.filter((one) => one.visibilityState === "visible");
  const answers = await Promise.all(visible.map((one) => ask<{ room: string | null; focused: boolean }>(one, { type: "which room" })));
  return answers.some((answer) => answer?.focused && answer.room === room);
}
