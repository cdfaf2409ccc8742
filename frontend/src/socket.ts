/**
 * The one WebSocket of a tab: hello, refs, answers as promises, and coming back with full jitter.
 *
 * It knows connections, not rooms: what to resume is asked for, what arrives is handed on in order.
 */
import { Refusal } from "./refusal";
import type { Command, HelloOk, OkFrame, RefusedFrame, ServerFrame } from "./protocol";

export interface WebSocketLike {
  send(data: string): void;
  close(code?: number): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  onerror: (() => void) | null;
}
/** The world around it, so that tests can be the world. */
export interface World {
  open(): WebSocketLike;
  now(): number;
  random(): number;
  after(ms: number, run: () => void): () => void;
  online(): boolean;
}
export type SocketState =
  | { is: "connecting" | "ready" | "waiting" | "idle" }
  | { is: "stopped"; code: number };
export interface SocketOptions {
  world: World;
  /** `client` and `ticket` are those of an app; a page has its cookie. */
  hello(): { locale: string; resume: { room: string; after: { epoch: string; seq: number } | null }[]; client?: string; ticket?: string };
  /** `resumed` is false where the rooms named in `hello` were not taken. False as an answer: this is another person. */
  ready(ok: HelloOk, resumed: boolean): boolean;
  frames(frames: ServerFrame[]): void;
  state(state: SocketState): void;
  /** Asked after three failures to reach hello. */
  askSession(): Promise<"in" | "out" | "unknown">;
}

export const STOP = new Set([4400, 4401, 4403, 4413, 4426]);
const BASE = 500, CAP = 30_000, STEADY = 30_000;
const HELLO_WITHIN = 12_000, ANSWER_WITHIN = 15_000, PONG_WITHIN = 5_000;
/** What a connection that brings nothing more is given, as a refusal like any other. */
const lost = (): Refusal => new Refusal({ code: "network.lost", temporary: true });

/** Full jitter: anywhere between zero and the exponential bound. */
export function backoff(attempt: number, random: () => number): number {
  return random() * Math.min(CAP, BASE * 2 ** Math.min(attempt, 16));
}

interface Waiting { resolve(ok: OkFrame): void; reject(error: Refusal): void; cancel(): void }

export class Socket {
  state: SocketState = { is: "idle" };
  /** The rooms a hello may name; known after the first. */
  limits: HelloOk["limits"] | null = null;
  private ws: WebSocketLike | null = null;
  private refs = 0;
  private features: string[] = [];
  private helloRef = 0;
  private resumed = true;
  private waiting = new Map<number, Waiting>();
  private queue: string[] = [];
  private attempt = 0;
  private unreached = 0;
  private notBefore = 0;
  private heard = 0;
  private heartbeat = 25_000;
  private budget = { level: 30, at: 0 };
  private cancels = { retry: () => {}, hello: () => {}, steady: () => {}, silence: () => {}, move: () => {}, queue: () => {} };

  constructor(private readonly o: SocketOptions) {}

  start(): void {
    if (this.state.is === "idle" || this.state.is === "stopped") this.connect();
  }

  /** Leaves for good, until started again. */
  end(): void {
    this.release(lost());
    this.cancels.retry();
    this.set({ is: "idle" });
    this.attempt = this.unreached = this.notBefore = 0;
  }

  /** A person asks, the network is back, the page is looked at again: no reason to wait longer, but where the server said so. */
  tryNow(): void {
    if (this.state.is === "stopped") {
      this.unreached = 0;
      this.connect();
    } else if (this.state.is === "waiting") {
      this.cancels.retry();
      this.cancels.retry = this.o.world.after(Math.max(this.notBefore - this.o.world.now(), 0), () => this.connect());
    }
  }

  /** The network went, or a hand-over is wanted: what is under way is unsure. */
  drop(): void {
    if (this.ws) this.closed(1006);
  }

  /** Hidden pages are put to sleep; what they hold may be long dead. */
  woken(): void {
    if (this.state.is !== "ready") return this.tryNow();
    if (this.silent()) return this.closed(4003);
    const ws = this.ws;
    const cancel = this.o.world.after(PONG_WITHIN, () => ws === this.ws && this.closed(4003));
    this.call({ type: "ping" }).then(cancel, cancel);
  }

  /** Rejects with a Refusal: the server's, or "network.lost" where there was no answer. */
  call(command: Exclude<Command, { type: "hello" }>): Promise<OkFrame> {
    if (this.state.is !== "ready") return Promise.reject(lost());
    const ref = ++this.refs;
    return new Promise((resolve, reject) => {
      const ws = this.ws;
      const cancel = this.o.world.after(ANSWER_WITHIN, () => ws === this.ws && this.closed(1006));
      this.waiting.set(ref, { resolve, reject, cancel });
      // A field of a feature goes only to a server that has announced it.
      const known = "confirmed" in command && !this.features.includes("identifiers") ? { ...command, confirmed: undefined } : command;
      this.queue.push(JSON.stringify({ ...known, ref }));
      this.flush(command.type === "room.enter");
    });
  }

  /** Sends within the limits it was told, in order. Entering has a budget of its own. */
  private flush(free = false): void {
    this.cancels.queue();
    const { now, after } = this.o.world, limits = this.limits;
    const burst = (limits?.commands_burst ?? 60) * 0.6, rate = (limits?.commands_per_second ?? 20) * 0.9;
    this.budget.level = Math.min(burst, this.budget.level + ((now() - this.budget.at) / 1000) * rate);
    this.budget.at = now();
    while (this.queue.length && (this.budget.level >= 1 || (free && this.queue.length === 1))) {
      const text = this.queue.shift();
      if (!free) this.budget.level -= 1;
      if (text) this.ws?.send(text);
    }
    if (this.queue.length) this.cancels.queue = after((1 / rate) * 1000, () => this.flush());
  }

  private connect(): void {
    this.cancels.retry();
    if (this.ws) return;
    this.set({ is: "connecting" });
    if (this.unreached >= 3) {
      const state = this.state;
      void this.o.askSession().then(
        (answer) => {
          if (this.state !== state) return;
          if (answer === "out") this.set({ is: "stopped", code: 4401 });
          else this.open();
        },
        () => this.state === state && this.open(),
      );
    } else this.open();
  }

  private open(): void {
    const { world } = this.o;
    this.unreached++;
    let ws: WebSocketLike;
    try {
      ws = world.open();
    } catch {
      return this.closed(1006);
    }
    this.ws = ws;
    this.cancels.hello = world.after(HELLO_WITHIN, () => this.closed(4005));
    ws.onopen = () => this.sayHello(true);
    ws.onmessage = (event) => ws === this.ws && this.heardFrom(event.data);
    ws.onclose = (event) => ws === this.ws && this.closed(event.code || 1006);
    ws.onerror = () => {};
  }

  private sayHello(resume: boolean): void {
    const hello = this.o.hello();
    this.resumed = resume;
    this.helloRef = ++this.refs;
    this.ws?.send(JSON.stringify({
      type: "hello", ref: this.helloRef, protocols: [1], client: hello.client ?? "web/1", locale: hello.locale,
      ...(hello.ticket ? { ticket: hello.ticket } : {}), ...(resume && hello.resume.length ? { resume: hello.resume } : {}),
    }));
  }

  private heardFrom(data: unknown): void {
    this.heard = this.o.world.now();
    if (typeof data !== "string") return;
    let message: unknown;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    const ws = this.ws;
    const rest: ServerFrame[] = [];
    for (const frame of (Array.isArray(message) ? message : [message]) as ServerFrame[]) {
      if (ws !== this.ws) return;
      // An answer is settled before what follows it is handed on: promises run later, so entries keep their place in `rest`.
      if (frame.type === "ok" && frame.ref === this.helloRef) this.welcomed(frame as HelloOk);
      else {
        if (frame.type === "ok") this.answered(frame as OkFrame);
        else if (frame.type === "refused") this.refused(frame);
        else if (frame.type === "reconnect") this.move(frame.after_ms);
        rest.push(frame);
      }
    }
    if (rest.length && ws === this.ws) this.o.frames(rest);
  }

  private welcomed(ok: HelloOk): void {
    const { world } = this.o;
    this.cancels.hello();
    this.helloRef = 0;
    this.unreached = 0;
    this.limits = ok.limits;
    this.heartbeat = ok.heartbeat_ms || this.heartbeat;
    this.budget = { level: ok.limits.commands_burst * 0.6, at: world.now() };
    this.cancels.steady = world.after(STEADY, () => (this.attempt = 0));
    this.listen();
    this.state = { is: "ready" };
    this.features = ok.features;
    if (!this.o.ready(ok, this.resumed)) return this.end();
    this.o.state(this.state);
  }

  /** `heads` comes at the pace of the heartbeat, so silence for two of them is the end. */
  private listen(): void {
    this.cancels.silence = this.o.world.after(this.heartbeat / 4, () => {
      if (this.silent()) this.closed(4003);
      else this.listen();
    });
  }

  private silent(): boolean {
    return this.o.world.now() - this.heard > 2 * this.heartbeat;
  }

  private answered(ok: OkFrame): void {
    const waiting = this.waiting.get(ok.ref);
    this.waiting.delete(ok.ref);
    waiting?.cancel();
    waiting?.resolve(ok);
  }

  private refused(frame: RefusedFrame): void {
    if (frame.code === "frame.flood") this.hold(frame.retry_after_ms);
    if (frame.ref !== null && frame.ref === this.helloRef && frame.code === "frame.invalid" && this.resumed) {
      // A malformed cursor must not lock a person out: once more without any.
      return this.sayHello(false);
    }
    const waiting = frame.ref === null ? undefined : this.waiting.get(frame.ref);
    if (!waiting || frame.ref === null) return;
    this.waiting.delete(frame.ref);
    waiting.cancel();
    waiting.reject(new Refusal(frame));
  }

  private hold(ms: number): void {
    this.notBefore = Math.max(this.notBefore, this.o.world.now() + ms);
  }

  /** The node drains: its delay is the jitter, so go when it is over. */
  private move(ms: number): void {
    this.hold(ms);
    this.cancels.move();
    this.cancels.move = this.o.world.after(ms, () => {
      if (!this.ws) return;
      this.release(lost());
      this.connect();
    });
  }

  private closed(code: number): void {
    const { world } = this.o;
    this.release(lost());
    if (STOP.has(code)) return this.set({ is: "stopped", code });
    this.set({ is: "waiting" });
    const wait = Math.max(backoff(this.attempt, world.random), this.notBefore - world.now());
    this.attempt++;
    this.cancels.retry = world.after(wait, () => this.connect());
  }

  /** Lets go of the connection and of everyone who waits for an answer. */
  private release(why: Refusal): void {
    const ws = this.ws;
    this.ws = null;
    this.helloRef = 0;
    for (const name of ["hello", "steady", "silence", "move", "queue"] as const) this.cancels[name]();
    if (ws) {
      ws.onopen = ws.onmessage = ws.onclose = null;
      try {
        ws.close();
      } catch {
        // It may never have opened.
      }
    }
    this.queue = [];
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const w of waiting) {
      w.cancel();
      w.reject(why);
    }
  }

  private set(state: SocketState): void {
    this.state = state;
    this.o.state(state);
  }
}
