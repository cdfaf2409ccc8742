/** Consult's client for TypeScript outside this front end: no DOM, no dependency. docs/mobile.md says how it is used. */
export { Consult, type Options } from "./consult";
export { Doors, type Events, type Page } from "./doors";
export type { Sent } from "./outbox";
export { MemoryStore, type Kept, type Store, type Unsent } from "./store";
export { Order } from "../order";
export { Refusal } from "../refusal";
export { backoff, Socket, STOP, type SocketState, type WebSocketLike } from "../socket";
export type * from "../protocol";
