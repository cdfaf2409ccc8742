/** The states of a case, in the order in which it takes them. */
import type { CaseStatus } from "../../protocol";

export const statuses: CaseStatus[] = ["open", "answered", "consensus", "closed"];
