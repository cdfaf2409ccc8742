// An app that is nothing but the built package: obeys lines of JSON, and says what happened in lines of JSON.
import { createInterface } from "node:readline";
import { Consult, Doors, MemoryStore, Refusal } from "../../frontend/dist-client/index.js";

const [base, email, password, room] = process.argv.slice(2);
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");
if (typeof document !== "undefined" || typeof location !== "undefined") throw new Error("this must be plain Node");

const store = new MemoryStore();
const token = await new Doors(base).signIn(email, password);
const consult = new Consult({ base, token, store, client: "test/1", state: (state) => say({ state: state.is, code: state.code ?? null }) });
consult.enter(room);
await consult.start();
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  if (asked.post !== undefined) {
    consult.post(room, asked.post).then(
      (sent) => say({ sent: asked.post, ...sent }),
      (error) => say({ refused: asked.post, code: error instanceof Refusal ? error.code : String(error) }),
    );
  } else if (asked.show) say({ cursor: store.cursors[room] ?? null, unsent: consult.unsent, events: store.events, page: store.pages[room] ?? null });
  else if (asked.signOut) await consult.doors.signOut();
  else break;
}
consult.close();
