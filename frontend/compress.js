/** Last step of the build: every file that may be served compressed, once as Brotli and once as gzip; and the budget of a cold load. */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const DIST = new URL("./dist", import.meta.url).pathname;
const TEXT = /\.(js|css|svg)$/;
/**
 * Bytes of script and style sheet that every first visit costs, compressed as the poorer of the two. What is loaded when it is first opened does not count here;
 * what a visit to a room loads of it by itself is measured in a browser (tests/browser/test_tap.py).
 */
const BUDGET = 100_000;

/** What the page asks for by itself: the entry, what it imports, their style sheets, and the service worker. */
function first() {
  const manifest = JSON.parse(readFileSync(join(DIST, ".vite/manifest.json"), "utf8"));
  const found = new Set(["sw.js"]);
  const take = (key) => {
    const chunk = manifest[key];
    if (found.has(chunk.file)) return;
    for (const name of [chunk.file, ...(chunk.css ?? [])]) found.add(name);
    for (const other of chunk.imports ?? []) take(other);
  };
  for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) take(key);
  return found;
}

const asked = first();
let cold = 0;
for (const name of readdirSync(DIST, { recursive: true })) {
  const path = join(DIST, name);
  if (!TEXT.test(name) || !statSync(path).isFile()) continue;
  const bytes = readFileSync(path);
  const gzip = gzipSync(bytes, { level: 9 });
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  writeFileSync(`${path}.gz`, gzip);
  writeFileSync(`${path}.br`, brotli);
  if (/\.(js|css)$/.test(name)) {
    if (asked.has(name)) cold += gzip.length;
    console.log(`  ${name}  ${bytes.length} bytes, gzip ${gzip.length}, brotli ${brotli.length}${asked.has(name) ? "" : ", when first opened"}`);
  }
}
console.log(`  cold load: ${cold} of ${BUDGET} bytes of script and style sheet`);
if (cold > BUDGET) {
  console.error(`The app's scripts and style sheets are ${cold} bytes compressed; the budget is ${BUDGET}.`);
  process.exit(1);
}
