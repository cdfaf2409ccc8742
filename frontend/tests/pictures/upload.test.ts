import { describe, expect, test } from "vitest";
import { Refusal } from "../../src/api";
import { upload, type Picture } from "../../src/pictures/upload";

const file = new Blob([new Uint8Array(300_000)]);
const cut = () => new Refusal({ code: "network.unreachable", temporary: true });
const ready: Partial<Picture> = { image: "i", state: "ready" };

/** A server that keeps what comes, and a network that fails where it is told to: before a piece arrives, or after. */
function server(fails: ("before" | "after" | null)[]) {
  let kept = 0;
  const offsets: number[] = [];
  const states = ["working", "working", "ready"];
  const api = {
    post: async () => ({ image: "i", offset: kept, piece_bytes: 1 << 20, state: "uploading" }),
    get: async () => ({ ...ready, state: states.shift() ?? "ready" }),
    bytes: async (method: string, _path: string, body: Blob | null, headers: Record<string, string> = {}) => {
      if (method === "HEAD") return new Headers({ "Upload-Offset": String(kept) });
      const fail = fails.shift() ?? null;
      if (fail === "before") throw cut();
      const at = Number(headers["Upload-Offset"]);
      offsets.push(at);
      if (at !== kept) throw new Refusal({ code: "image.offset" }, 409);
      kept += body!.size;
      if (fail === "after") throw cut();
      return new Headers({ "Upload-Offset": String(kept) });
    },
  };
  return { api: api as never, offsets, kept: () => kept };
}
const run = (of: ReturnType<typeof server>, moved: (n: number) => void = () => undefined, signal = new AbortController().signal) =>
  upload({ api: of.api, file, id: "c", moved, signal, wait: async () => undefined });

describe("upload", () => {
  test("in pieces, with progress, until the server has looked", async () => {
    const of = server([]);
    const seen: number[] = [];
    expect((await run(of, (n) => seen.push(n))).state).toBe("ready");
    expect(of.offsets).toEqual([0, 131_072, 262_144]);
    expect(seen).toEqual([0, 131_072, 262_144, 300_000]);
  });

  test.each([["before"], ["after"]] as const)("a cut %s a piece arrived: it goes on where the server stands, and no byte twice", async (where) => {
    const of = server([null, where, where, null]);
    await run(of);
    expect(of.kept()).toBe(300_000);
    expect(of.offsets.filter((at, i, all) => all.indexOf(at) !== i)).toEqual([]);
  });

  test("what trying again does not help is told at once", async () => {
    const of = server([]);
    (of.api as { post: unknown }).post = async () => { throw new Refusal({ code: "image.too_large" }, 413); };
    await expect(run(of)).rejects.toMatchObject({ code: "image.too_large" });
  });

  test("given up, it ends", async () => {
    const end = new AbortController();
    const of = server(Array.from({ length: 50 }, () => "before" as const));
    const running = upload({ api: of.api, file, id: "c", moved: () => undefined, signal: end.signal, wait: async () => { end.abort(); } });
    await expect(running).rejects.toMatchObject({ code: "network.unreachable" });
  });
});
