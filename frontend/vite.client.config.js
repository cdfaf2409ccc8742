/** Builds the client for others into a package of its own: one module, its types beside it (tsconfig.client.json). */
import { readFileSync } from "node:fs";
import { defineConfig } from "vite";

const { version, engines } = JSON.parse(readFileSync(new URL("./package.json", import.meta.url)));
const manifest = {
  name: "@consult/client", version, type: "module", sideEffects: false, engines, main: "./index.js", types: "./types/client/index.d.ts",
  exports: { ".": { types: "./types/client/index.d.ts", default: "./index.js" } },
};

export default defineConfig({
  publicDir: false,
  plugins: [{ name: "manifest", generateBundle() { this.emitFile({ type: "asset", fileName: "package.json", source: JSON.stringify(manifest, null, 2) + "\n" }); } }],
  build: {
    outDir: "dist-client",
    emptyOutDir: true,
    target: "es2022",
    minify: false,
    lib: { entry: "src/client/index.ts", formats: ["es"], fileName: () => "index.js" },
  },
});
