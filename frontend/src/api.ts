/** The HTTP door: one fetch wrapper that knows the CSRF cookie, the language, refusals and when to try again. */

import { Refusal, type RefusalBody } from "./refusal";

export { Refusal, type RefusalBody };

export interface ApiOptions {
  fetch: typeof fetch;
  cookie(): string;
  locale(): string;
  /** A 401 where a session was thought to be. */
  unauthorized(): void;
  sleep(ms: number): Promise<void>;
  random(): number;
}
export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** How often more to try where the network failed or the refusal is temporary; only for what may be repeated. */
  tries?: number;
  /** A 401 is an answer here, not an end of the session. */
  quiet?: boolean;
}

const CONFIG = "/_allauth/browser/v1/config";
const PATIENCE = 5000;

export class Api {
  constructor(private readonly o: ApiOptions) {}

  get<T>(path: string, options: CallOptions = {}): Promise<T> {
    return this.call("GET", path, undefined, { tries: 2, ...options });
  }

  /** A body with a client `id` has no second effect, so it may be sent again. */
  post<T>(path: string, body: object = {}, options: CallOptions = {}): Promise<T> {
    return this.call("POST", path, body, { tries: "id" in body ? 2 : 0, ...options });
  }

  patch<T>(path: string, body: object, options: CallOptions = {}): Promise<T> {
    return this.call("PATCH", path, body, { tries: 2, ...options });
  }

  put<T>(path: string, body: object, options: CallOptions = {}): Promise<T> {
    return this.call("PUT", path, body, { tries: 2, ...options });
  }

  delete<T>(path: string, { body, ...options }: CallOptions & { body?: object } = {}): Promise<T> {
    return this.call("DELETE", path, body, options);
  }

  /** A piece of a file, or (no body) a question about one; the headers of the answer say how it stands. Rejects with a Refusal. */
  async bytes(method: "PATCH" | "HEAD", path: string, body: Blob | null, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Headers> {
    const all: Record<string, string> = { Accept: "application/json", "Accept-Language": this.o.locale(), ...headers };
    if (method !== "HEAD") Object.assign(all, { "X-CSRFToken": await this.token(), "Content-Type": "application/offset+octet-stream" });
    const response = await this.send(path, { method, headers: all, credentials: "same-origin", cache: "no-store", ...(body ? { body } : {}), ...(signal ? { signal } : {}) });
    if (response.ok) return response.headers;
    if (response.status === 401) this.o.unauthorized();
    throw refusalOf(response.status, await response.json().catch(() => null));
  }

  private async call<T>(method: string, path: string, body: object | undefined, options: CallOptions): Promise<T> {
    for (let left = options.tries ?? 0, attempt = 0; ; left--, attempt++) {
      try {
        return await this.once<T>(method, path, body, options);
      } catch (error) {
        if (!(error instanceof Refusal) || !error.temporary || left <= 0 || error.retryAfter > PATIENCE) throw error;
        await this.o.sleep(Math.max(error.retryAfter, this.o.random() * 400 * 2 ** attempt));
        if (options.signal?.aborted) throw error;
      }
    }
  }

  private async once<T>(method: string, path: string, body: object | undefined, options: CallOptions): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": this.o.locale() };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (method !== "GET") headers["X-CSRFToken"] = await this.token();
    const response = await this.send(path, {
      method, headers, credentials: "same-origin", cache: "no-store", ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    // Cut off in the middle, it is no answer.
    const text = await response.text().catch((error: unknown) => {
      if (response.ok) throw unreachable(error);
      return "";
    });
    let data: unknown = null;
    try {
      data = text ? JSON.parse(text) : null;
    } catch {
      if (response.ok) throw new Refusal({ code: "network.garbled", temporary: true }, response.status);
    }
    if (response.ok) return data as T;
    if (response.status === 401 && !options.quiet) this.o.unauthorized();
    throw refusalOf(response.status, data);
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await this.o.fetch(path, init);
    } catch (error) {
      throw unreachable(error);
    }
  }

  private async token(): Promise<string> {
    const held = cookieOf(this.o.cookie(), "csrftoken");
    if (held) return held;
    await this.send(CONFIG, { credentials: "same-origin" });
    return cookieOf(this.o.cookie(), "csrftoken");
  }
}

function unreachable(error: unknown): unknown {
  return error instanceof DOMException && error.name === "AbortError" ? error : new Refusal({ code: "network.unreachable", temporary: true });
}

function cookieOf(cookies: string, name: string): string {
  const found = cookies.split(/;\s*/).find((c) => c.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

/** The server's own refusal, allauth's errors, or what is left to say about a bare status. */
function refusalOf(status: number, data: unknown): Refusal {
  const body = (data ?? {}) as Partial<RefusalBody> & { errors?: { code?: string; message?: string; param?: string }[] };
  if (typeof body.code === "string") return new Refusal({ ...body, code: body.code }, status);
  const first = body.errors?.[0];
  if (first) {
    const fields = (body.errors ?? []).flatMap((e) => (e.param ? [e.param] : []));
    return new Refusal({ code: `account.${first.code ?? "refused"}`, message: first.message ?? "", fields }, status);
  }
  return new Refusal({ code: status === 401 ? "session.none" : `http.${status}`, temporary: status === 429 || status >= 502 }, status);
}

/** The browser's own. */
export function browserApi(locale: () => string, unauthorized: () => void): Api {
  return new Api({
    fetch: (input, init) => fetch(input, init), cookie: () => document.cookie, locale, unauthorized,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)), random: Math.random,
  });
}

/** A path with a query; what is null or undefined is left out. */
export function query(path: string, params: Record<string, string | number | null | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) if (value !== null && value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}
