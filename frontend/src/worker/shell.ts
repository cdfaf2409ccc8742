/**
 * The shell: the page, its script and its style sheet, exactly as built, so that the app opens whatever the network does.
 *
 * Nothing else is ever kept here. What is kept is compared with the hash that the build wrote into this worker, so neither the
 * page of a captive portal nor half a deploy can take the app's place: the installation fails then, and the version before stays.
 * A start is answered from here at once, without asking the network, which with one bar of signal would cost seconds: the browser
 * looks for another worker at every start by itself, and a new version is taken at the start that follows.
 */
declare const self: ServiceWorkerGlobalScope;
/** Written by the build: vite.worker.config.ts. */
declare const __SHELL__: { version: string; files: Record<string, string> };
const { version, files } = __SHELL__;

const PREFIX = "consult-shell-";
const CACHE = PREFIX + version;
const PAGE = "/";
/** The app's own views. Every other address (api, sign-in's doors, socket, admin, files) is the network's alone. */
const VIEWS = new Set(["", "rooms", "cases", "directory", "search", "ask", "me", "moderation", "sign-in"]);

export async function fetchShell(): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all(Object.entries(files).map(async ([url, integrity]) => {
    // Names carry hashes: what an earlier version has under the same name is the same file.
    const held = url === PAGE ? undefined : await caches.match(url, { ignoreVary: true });
    if (held) return cache.put(url, held);
    const request = new Request(url, { integrity, cache: url === PAGE ? "no-cache" : "default", credentials: "same-origin", redirect: "error" });
    const answer = await fetch(request);
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    await cache.put(url, answer);
  }));
}

export async function clean(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
}

export function answer(event: FetchEvent): void {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (VIEWS.has(pathname.split("/")[1] ?? "")) event.respondWith(page(request));
  } else if (pathname !== PAGE && pathname in files) event.respondWith(file(request));
}

async function page(request: Request): Promise<Response> {
  const { waiting } = self.registration;
  // A start, or a reload of the only window: nobody writes in a page of the old version, so the new one is taken first.
  if (waiting && (await self.clients.matchAll({ type: "window" })).length < 2) {
    waiting.postMessage({ type: "take" });
    // This worker must be done before the next one can begin: the browser asks again, and is answered by that.
    return new Response("", { headers: { Refresh: "0", "Content-Type": "text/html; charset=utf-8" } });
  }
  return (await held(PAGE)) ?? fetch(request);
}

async function file(request: Request): Promise<Response> {
  return (await held(new URL(request.url).pathname)) ?? fetch(request);
}

async function held(url: string): Promise<Response | undefined> {
  return (await caches.open(CACHE)).match(url, { ignoreVary: true });
}
