/** What a socket needs of a browser. */
import type { WebSocketLike, World } from "./socket";

/** The browser as the world. */
export function browserWorld(url = "/ws/v1/"): World {
  return {
    open: () => new WebSocket(new URL(url, location.href.replace(/^http/, "ws"))) as unknown as WebSocketLike,
    now: () => Date.now(),
    random: () => Math.random(),
    after: (ms, run) => {
      const id = setTimeout(run, ms);
      return () => clearTimeout(id);
    },
    online: () => navigator.onLine,
  };
}
