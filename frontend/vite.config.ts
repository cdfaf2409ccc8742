/** How the browser's code is built: hashed files under /static/, and nothing inline, for the strict CSP. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "/static/",
  publicDir: "public",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    // The polyfill would be an inline script; every browser with ES2022 preloads modules by itself.
    modulePreload: { polyfill: false },
    // A data: URL in a style sheet or a script would need a wider CSP than 'self'.
    assetsInlineLimit: 0,
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
