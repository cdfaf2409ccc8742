/** A world for the socket: a clock that is turned by hand, and connections that a test answers. */
import type { World, WebSocketLike } from "../src/socket";

export class Line implements WebSocketLike {
  sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  shut = false;
  send(data: string): void {
    this.sent.push(JSON.parse(data) as Record<string, unknown>);
  }
  close(): void {
    this.shut = true;
  }
  get last(): Record<string, unknown> {
    return this.sent.at(-1) ?? {};
  }
  /** The server's side. */
  open(): void {
    this.onopen?.();
  }
  say(...frames: object[]): void {
    this.onmessage?.({ data: JSON.stringify(frames.length === 1 ? frames[0] : frames) });
  }
  end(code: number): void {
    this.onclose?.({ code });
  }
  welcome(more: object = {}): void {
    this.open();
    const hello = this.sent.find((f) => f["type"] === "hello");
    this.say({
      type: "ok", ref: hello?.["ref"], protocol: 1, server: "1", features: [], session: "s", me: { id: "me", name: "Dr me", profession: null, specialty: null, roles: [] },
      personal: { room: "P", head: { epoch: "EP", seq: 3 } }, heartbeat_ms: 25_000, server_time: "2026-11-23T16:00:00.123Z",
      limits: {
        frame_bytes: 131072, body_chars: 8000, replay_events: 300, resume_events: 1000, rooms: 500, connections: 20, commands_burst: 60, commands_per_second: 20,
        posts_burst: 20, posts_per_second: 5,
      },
      ...more,
    });
  }
}

export class FakeWorld implements World {
  time = 0;
  dice = 0.5;
  lines: Line[] = [];
  private timers: { at: number; run: () => void }[] = [];
  open = (): WebSocketLike => {
    const line = new Line();
    this.lines.push(line);
    return line;
  };
  now = (): number => this.time;
  random = (): number => this.dice;
  online = (): boolean => true;
  after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.time + ms, run };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((t) => t !== timer));
  };
  get line(): Line {
    return this.lines.at(-1) as Line;
  }
  /** Lets time pass, with what falls due in it. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      const next = this.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((t) => t !== next);
      this.time = Math.max(this.time, next.at);
      next.run();
      await Promise.resolve();
    }
    this.time = end;
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }
}
