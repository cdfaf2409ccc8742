/** Gives the imports of the client's types their extension: who resolves as Node does finds nothing without it. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const types = new URL("./dist-client/types/", import.meta.url);
for (const name of readdirSync(types, { recursive: true }).filter((n) => n.endsWith(".d.ts"))) {
  const file = new URL(name, types);
  writeFileSync(file, readFileSync(file, "utf8").replace(/(from "\.[^"]*?)(?:\.js)?"/g, '$1.js"'));
}
