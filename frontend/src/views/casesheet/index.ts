/** The parts of a case's room that stand in its log, as one script: frontend/src/views/room/caseParts.ts loads it. */
import "./casesheet.css";

export { Top } from "./Top";
export { Line } from "./Line";
export { Marks, MenuActs } from "./Marks";
