/** The parts of a case's room, as one script: frontend/src/views/room/caseParts.ts loads it. */
import "./casesheet.css";

export { Panel } from "./Panel";
export { Top } from "./Top";
export { Line } from "./Line";
export { Marks, MenuActs } from "./Marks";
