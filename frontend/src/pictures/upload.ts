/** Brings a picture to the server in pieces: what the network cuts goes on where it stood, under the same client id. */
import type { Seen } from "./shapes";
import { Refusal, query, type Api, type RefusalBody } from "../api";

export interface Picture {
  image: string;
  state: "uploading" | "working" | "ready" | "held" | "refused" | "expired" | "erased";
  width: number; height: number;
  sizes: Partial<Record<"list" | "room" | "zoom", [number, number]>>;
  /** A moderator withholds it: hidden, or mask, until its owner has masked it. */
  veil: "hidden" | "mask" | null;
  /** What it shows, in its owner's words, for who cannot see it. */
  description?: string;
  /** To its owner alone: what was found in the file and left behind, and what holds it. */
  removed?: { code: string; words: string }[];
  faces?: Seen[]; words?: Seen[];
  refusal?: RefusalBody | null;
}

export interface Uploading {
  api: Pick<Api, "post" | "get" | "bytes">;
  file: Blob;
  /** The client id of this picture. */
  id: string;
  /** Bytes that have arrived. */
  moved(bytes: number): void;
  signal: AbortSignal;
  wait?(ms: number, signal: AbortSignal): Promise<void>;
}
interface Begun { image: string; offset: number; piece_bytes: number; state: Picture["state"] }

/** On one bar of signal a piece takes a few seconds; a larger one would show nothing for long, and be lost whole by a cut. */
const PIECE = 128 * 1024;
const LONGEST_WAIT = 15_000;
const LOOKS = [400, 700, 1000, 1500, 2000, 3000];

export const sleep = (ms: number, signal: AbortSignal): Promise<void> => new Promise((resolve, reject) => {
  const ended = () => { clearTimeout(timer); reject(signal.reason as Error); };
  const timer = setTimeout(() => { signal.removeEventListener("abort", ended); resolve(); }, ms);
  signal.addEventListener("abort", ended, { once: true });
});

/** The picture once the server has looked at it: ready, held or refused. Rejects with a Refusal that trying again does not help, or when aborted. */
export async function upload({ api, file, id, moved, signal, wait = sleep }: Uploading): Promise<Picture> {
  const begun = await insist(() => api.post<Begun>("/api/v1/images", { id, size: file.size }, { signal }), signal, wait);
  const path = `/api/v1/images/${begun.image}`;
  let offset = begun.offset;
  let unsure = false;
  while (begun.state === "uploading" && offset < file.size) {
    moved(offset);
    offset = await insist(async () => {
      // After a cut the server knows better than we how much has come.
      if (unsure) {
        const stands = Number((await api.bytes("HEAD", path, null, {}, signal)).get("Upload-Offset"));
        unsure = false;
        if (stands !== offset) return stands;
      }
      unsure = true;
      const piece = file.slice(offset, offset + Math.min(PIECE, begun.piece_bytes));
      const reached = Number((await api.bytes("PATCH", path, piece, { "Upload-Offset": String(offset) }, signal)).get("Upload-Offset"));
      unsure = false;
      return reached;
    }, signal, wait);
  }
  moved(file.size);
  return settled(api, begun.image, signal, wait);
}

/** Asks, less and less often, until the server has looked at the picture. */
export async function settled(api: Uploading["api"], image: string, signal: AbortSignal, wait = sleep): Promise<Picture> {
  for (let look = 0; ; look++) {
    const found = await insist(() => api.get<Picture>(`/api/v1/images/${image}`, { signal }), signal, wait);
    if (found.state !== "uploading" && found.state !== "working") return found;
    await wait(LOOKS[Math.min(look, LOOKS.length - 1)]!, signal);
  }
}

/** Tries for as long as it is the network, or the server says that later will do. */
async function insist<T>(act: () => Promise<T>, signal: AbortSignal, wait: (ms: number, signal: AbortSignal) => Promise<void>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      const moved = error instanceof Refusal && error.code === "image.offset";
      if (signal.aborted || !(error instanceof Refusal) || !(error.temporary || moved)) throw error;
      await wait(Math.min(LONGEST_WAIT, Math.max(error.retryAfter, 500 * 2 ** attempt)), signal);
    }
  }
}

/** How these pictures stand, those that one may know of. */
export function look(api: Pick<Api, "get">, ids: readonly string[]): Promise<{ images: Picture[] }> {
  return api.get(query("/api/v1/images", { ids: ids.join(",") }));
}

/** What holds it back, to its owner: masks to begin with. */
export const seenIn = (picture: Picture | null | undefined): Seen[] => (picture?.state === "held" ? [...(picture.faces ?? []), ...(picture.words ?? [])] : []);
