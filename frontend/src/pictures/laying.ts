/** Marks that were drawn before their message was sent: laid once it has arrived, each under a client id of its own. */
import type { MarkAdd } from "../protocol";
import { Refusal } from "../refusal";
import type { Mark } from "./shapes";

/** A mark with the client id that it will be kept under, so that laying it twice has no second effect. */
export interface Drawn { id: string; drawn: Mark }
/** And the picture it waits for. */
export interface DrawnOn extends Drawn { image: string }

/** Rejects where it is worth trying again. What is refused for good is let go: the picture is there all the same. */
export async function lay(marks: readonly DrawnOn[], room: string, message: string, add: (mark: MarkAdd) => Promise<unknown>): Promise<void> {
  for (const mark of marks) {
    try {
      await add({ type: "mark.add", room, message, ...mark });
    } catch (error) {
      if (!(error instanceof Refusal) || error.temporary) throw error;
    }
  }
}
