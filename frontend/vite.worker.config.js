/** Builds the service worker, after the app: one classic script at a stable name, into which the built shell's names and hashes are written. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { defineConfig } from "vite";

const dist = new URL("./dist/", import.meta.url);
const read = (name) => readFileSync(new URL(name, dist));
const hash = (bytes) => `sha256-${createHash("sha256").update(bytes).digest("base64")}`;

/** Parts of moderators alone, of no use without a network: nobody else's device keeps them. */
const SERVER_ONLY = /^src\/views\/moderation\/(Console|Rules|Tray)\.tsx$/;

function shell() {
  const files = { "/": hash(read("index.html")) };
  for (const chunk of Object.values(JSON.parse(read(".vite/manifest.json")))) {
    if (SERVER_ONLY.test(chunk.src ?? "")) continue;
    for (const name of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) files[`/static/${name}`] = hash(read(name));
  }
  return { version: createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 12), files };
}

export default defineConfig(({ command }) => ({
  publicDir: false,
  define: command === "build" ? { __SHELL__: JSON.stringify(shell()) } : {},
  build: {
    outDir: "dist",
    emptyOutDir: false,
    target: "es2022",
    lib: { entry: "src/worker/main.ts", formats: ["iife"], name: "worker", fileName: () => "sw.js" },
  },
}));
