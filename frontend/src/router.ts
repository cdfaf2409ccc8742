/** Where the person is: the address bar as one signal, and links that do not reload the page. */
import { signal, type ReadonlySignal } from "@preact/signals";

export type Route =
  | { name: "rooms" }
  /** `fresh`: from a notification; what is new begins before `at`, and that is where one lands. */
  | { name: "room"; id: string; at: number | null; fresh: boolean }
  /** `query`: what is shown and filtered there (views/find/asked.ts). */
  | { name: "cases"; query: string }
  | { name: "directory"; q: string; tab: "people" | "groups" }
  | { name: "search"; q: string; room: string | null; tag: string | null }
  | { name: "ask"; group: string | null; person: string | null }
  | { name: "me" }
  | { name: "moderation"; rules: boolean }
  /** `back`: the query with which one comes back from Pro Santé Connect. */
  | { name: "sign-in"; back: string | null }
  | { name: "none" };

export function parse(path: string, query: string): Route {
  const [first = "", second, third] = path.split("/").filter(Boolean);
  const asked = new URLSearchParams(query);
  if (first === "moderation" && third === undefined && (second === undefined || second === "rules")) return { name: "moderation", rules: second === "rules" };
  if (third !== undefined || (second !== undefined && first !== "rooms")) return { name: "none" };
  switch (first) {
    case "":
      return { name: "rooms" };
    case "rooms": {
      if (second === undefined) return { name: "rooms" };
      const at = Number(asked.get("at"));
      return { name: "room", id: decode(second), at: Number.isInteger(at) && at > 0 ? at : null, fresh: asked.get("new") === "1" };
    }
    case "cases":
      return { name: "cases", query };
    case "me":
      return { name: first };
    case "sign-in":
      return { name: first, back: asked.has("state") ? query : null };
    case "directory":
      return { name: "directory", q: asked.get("q") ?? "", tab: asked.get("tab") === "groups" ? "groups" : "people" };
    case "search":
      return { name: "search", q: asked.get("q") ?? "", room: asked.get("room"), tag: asked.get("tag") };
    case "ask":
      return { name: "ask", group: asked.get("group"), person: asked.get("person") };
    default:
      return { name: "none" };
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const toRoom = (id: string, at?: number | null) => `/rooms/${encodeURIComponent(id)}${at ? `?at=${at}` : ""}`;
export const toTag = (tag: string) => `/search?tag=${encodeURIComponent(tag)}`;
export function toSearch(asked: { q?: string; room?: string | null; tag?: string | null }): string {
  const said = new URLSearchParams();
  for (const [key, value] of Object.entries(asked)) if (value) said.set(key, value);
  return `/search${said.size ? `?${said}` : ""}`;
}

const here = signal<Route>(typeof location === "undefined" ? { name: "rooms" } : parse(location.pathname, location.search));
export const route: ReadonlySignal<Route> = here;

/** True when the page before this one was also ours, so that "back" can be history's own back. */
let depth = 0;

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (to === location.pathname + location.search) options = { replace: true };
  if (options.replace) history.replaceState({ depth }, "", to);
  else history.pushState({ depth: ++depth }, "", to);
  here.value = parse(location.pathname, location.search);
}

export function back(otherwise: string): void {
  if (depth > 0) history.back();
  else navigate(otherwise, { replace: true });
}

/** Follows the browser's back and forward, and plain clicks on links inside the app. */
export function startRouter(): void {
  history.replaceState({ depth }, "", location.href);
  addEventListener("popstate", (event) => {
    depth = (event.state as { depth?: number } | null)?.depth ?? 0;
    here.value = parse(location.pathname, location.search);
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest?.("a[href]");
    if (!(link instanceof HTMLAnchorElement) || link.target || link.origin !== location.origin || link.hasAttribute("download")) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
