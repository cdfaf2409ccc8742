/** A WebSocket that first fetches its ticket: for whoever has a session token and no cookie. */
import { Refusal } from "../refusal";
import type { WebSocketLike } from "../socket";

/** What a refused ticket means, as the socket's own close codes say it. */
const CODES: Record<string, number> = { "session.none": 4401, "account.suspended": 4403 };

export class Ticketed implements WebSocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  private inner: WebSocketLike | null = null;
  private over = false;

  constructor(ticket: () => Promise<unknown>, open: () => WebSocketLike) {
    ticket().then(
      () => !this.over && this.begin(open()),
      (error: unknown) => this.end((error instanceof Refusal && CODES[error.code]) || 1006),
    );
  }

  send(data: string): void {
    this.inner?.send(data);
  }

  close(code?: number): void {
    this.over = true;
    this.inner?.close(code);
  }

  private begin(inner: WebSocketLike): void {
    this.inner = inner;
    inner.onopen = () => this.onopen?.();
    inner.onmessage = (event) => this.onmessage?.(event);
    inner.onclose = (event) => this.end(event.code);
    inner.onerror = () => this.onerror?.();
  }

  private end(code: number): void {
    if (this.over) return;
    this.over = true;
    this.onclose?.({ code });
  }
}
