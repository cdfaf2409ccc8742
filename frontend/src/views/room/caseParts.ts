/** What a case's room has beyond a room: one script for its log, loaded with the first case that is opened, and one for the sheet beside it. */
import { lazily } from "../parts/lazy";

const parts = () => import("../casesheet");

export const Panel = lazily(() => import("../casesheet/Panel").then((part) => part.Panel));
export const CaseTop = lazily(() => parts().then((part) => part.Top), true);
export const CaseLine = lazily(() => parts().then((part) => part.Line), true);
export const AnswerMarks = lazily(() => parts().then((part) => part.Marks), true);
export const AnswerActs = lazily(() => parts().then((part) => part.MenuActs), true);
