/** HTTP by session token: signing in, tickets, pages. Every refusal is one `Refusal`, a network without an answer too. */
import type { EventFrame, MessageItem } from "../protocol";
import { Refusal, type RefusalBody } from "../refusal";

export interface Page { as_of: { epoch: string; seq: number }; messages: MessageItem[]; more: { before: boolean; after: boolean } }
export interface Events { epoch: string; head: number; events: EventFrame[] }

const SIGN_IN = "/_allauth/app/v1/auth/login", SESSION = "/_allauth/app/v1/auth/session";

export class Doors {
  constructor(readonly base: string, public token = "", private readonly locale = "fr", private readonly ask: typeof fetch = fetch) {}

  /** The session token; keep it where the system keeps secrets. */
  async signIn(email: string, password: string): Promise<string> {
    const answer = await this.call<{ meta: { session_token: string } }>("POST", SIGN_IN, { email, password });
    return (this.token = answer.meta.session_token);
  }

  /** allauth answers a sign-out with 401: there is no session any more. */
  async signOut(): Promise<void> {
    await this.call("DELETE", SESSION).catch((error: unknown) => {
      if (!(error instanceof Refusal && error.code === "session.none")) throw error;
    });
    this.token = "";
  }

  async session(): Promise<"in" | "out" | "unknown"> {
    try {
      await this.call("GET", SESSION);
      return "in";
    } catch (error) {
      return error instanceof Refusal && error.code === "session.none" ? "out" : "unknown";
    }
  }

  /** For one hello, within 30 s. */
  async ticket(): Promise<string> {
    return (await this.call<{ ticket: string }>("POST", "/api/v1/tickets")).ticket;
  }

  newest(room: string, limit = 50): Promise<Page> {
    return this.call("GET", `/api/v1/rooms/${room}/messages?limit=${limit}`);
  }

  events(room: string, after: { epoch: string; seq: number }): Promise<Events> {
    return this.call("GET", `/api/v1/rooms/${room}/events?after=${after.seq}&epoch=${encodeURIComponent(after.epoch)}&limit=200`);
  }

  async call<T>(method: string, path: string, body?: object): Promise<T> {
    let answer: Response;
    try {
      answer = await this.ask(new URL(path, this.base), {
        method,
        headers: {
          "Accept-Language": this.locale, ...(this.token ? { "X-Session-Token": this.token } : {}), ...(body ? { "Content-Type": "application/json" } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      if (answer.ok) return (await answer.json()) as T;
    } catch {
      throw new Refusal({ code: "network.lost", temporary: true });
    }
    const told = (await answer.json().catch(() => ({}))) as Partial<RefusalBody>;
    if (typeof told.code === "string") throw new Refusal({ ...told, code: told.code }, answer.status);
    const code = answer.status === 401 || answer.status === 410 ? "session.none" : `http.${answer.status}`;
    throw new Refusal({ code, temporary: answer.status === 429 || answer.status >= 500 }, answer.status);
  }
}
