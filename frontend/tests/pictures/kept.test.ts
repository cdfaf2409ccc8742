/** Pictures on their way, kept on a device: sealed, bounded, read by their owner alone, and gone with the session. */
import { IDBFactory } from "fake-indexeddb";
import { describe, expect, it } from "vitest";
import { openDatabase } from "../../src/db";
import { goingOf, KeptPictures, MOST_BYTES, MOST_PICTURES } from "../../src/pictures/kept";
import { raw, sealOf } from "../sealing";

const DAY = 24 * 3600_000;
const bytes = async (blob: Blob | undefined) => blob && new TextDecoder().decode(await blob.arrayBuffer());

async function opened(person = "camille", factory = new IDBFactory(), now = () => Date.now()) {
  return { factory, pictures: new KeptPictures(await openDatabase(person, factory), await sealOf(person), now) };
}

describe("a picture on its way", () => {
  it("comes back byte for byte in the next tab, and nobody else can read it, nor tell its id", async () => {
    const { factory, pictures } = await opened();
    expect(await pictures.keep("id-canary", new Blob(["pixels-canary"]))).toBe(true);
    const next = await opened("camille", factory);
    expect(await bytes(await next.pictures.read("id-canary"))).toBe("pixels-canary");
    expect(await raw(factory, "consult-camille")).not.toContain("canary");
    const other = new KeptPictures(await openDatabase("camille", factory), await sealOf("nadia"));
    expect(await other.read("id-canary")).toBeUndefined();
    await next.pictures.remove(["id-canary"]);
    expect(await pictures.read("id-canary")).toBeUndefined();
  });

  it("is bounded in number and in bytes, and says so", async () => {
    const { pictures } = await opened();
    for (let n = 0; n < MOST_PICTURES; n++) expect(await pictures.keep(`p${n}`, new Blob(["x"]))).toBe(true);
    expect(await pictures.keep("one more", new Blob(["x"]))).toBe(false);
    expect(await pictures.read("one more")).toBeUndefined();
    await pictures.remove(["p0"]);
    const large = new Blob([new Uint8Array(MOST_BYTES)]);
    expect(await pictures.keep("large", large)).toBe(false);
    expect(await pictures.keep("small", new Blob(["x"]))).toBe(true);
  });

  it("is not kept by a disk that refuses", async () => {
    const db = await openDatabase("camille", new IDBFactory());
    db.close();
    expect(await new KeptPictures(db, await sealOf("camille")).keep("p", new Blob(["x"]))).toBe(false);
  });

  it("goes after a day by itself", async () => {
    let time = 5 * DAY;
    const { pictures } = await opened("camille", new IDBFactory(), () => time);
    await pictures.keep("old", new Blob(["x"]));
    time += DAY / 2;
    await pictures.keep("young", new Blob(["y"]));
    time += DAY / 2 + 1;
    await pictures.tidy();
    expect(await pictures.read("old")).toBeUndefined();
    expect(await bytes(await pictures.read("young"))).toBe("y");
  });

  it("is told from one that the server has", () => {
    expect(goingOf([{ image: "a", marks: [] }, { going: "b", marks: [] }])).toEqual(["b"]);
  });
});

describe("a database of an earlier version", () => {
  it("gets the store beside what it holds", async () => {
    const factory = new IDBFactory();
    await new Promise<void>((resolve) => {
      const request = factory.open("consult-camille", 2);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("outbox", { keyPath: "order", autoIncrement: true }).createIndex("id", "id", { unique: true });
        request.result.createObjectStore("drafts").put({ iv: 1 }, "kept");
        request.result.createObjectStore("cache");
      };
      request.onsuccess = () => { request.result.close(); resolve(); };
    });
    const { pictures } = await opened("camille", factory);
    expect(await pictures.keep("p", new Blob(["x"]))).toBe(true);
    expect(await raw(factory, "consult-camille")).toContain("kept");
  });
});
