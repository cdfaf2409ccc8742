/** The sheet of an open case, read once for all parts that show it, for as long as one of them is there. */
import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Reading } from "../../cases/reading";
import { readSheet, type Sheet } from "../../cases/sheet";
import { forget } from "../../moderation/reasons";
import { connection, locale, type RoomView } from "../../store";

interface Held { reading: Reading; uses: number; stop: () => void }
const held = new WeakMap<RoomView, Held>();

const after = (ms: number, run: () => void) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

function of(view: RoomView): Held {
  let one = held.get(view);
  if (!one) held.set(view, (one = { reading: new Reading({ read: () => readSheet(view.id), after, random: Math.random }), uses: 0, stop: () => undefined }));
  return one;
}

/** The diagnoses and references that are there to be read. */
const shownOf = (sheet: Sheet | null): Set<string> => new Set(sheet ? [...sheet.differentials.filter((one) => !one.withheld).map((one) => one.differential), ...sheet.answers.flatMap((one) => one.references.map((its) => its.reference))] : []);

/** Follows the room: read when its messages are there, and again when an event moves the case, the language changes or the network is back. */
function follow(view: RoomView, reading: Reading): () => void {
  reading.open();
  let language = locale.peek();
  let live = false;
  let shown = shownOf(reading.sheet.peek());
  const stops = [
    effect(() => {
      const now = shownOf(reading.sheet.value);
      // What was hidden, or shown again, is so by another act than the one that was read.
      for (const one of new Set([...shown, ...now])) if (shown.has(one) !== now.has(one)) forget(view.id, one);
      shown = now;
    }),
    effect(() => { if (!view.behind.value) reading.heard(view.said.value); }),
    effect(() => {
      if (locale.value === language) return;
      language = locale.value;
      reading.again();
    }),
    effect(() => {
      const now = connection.value.state === "live";
      if (now && !live && reading.error.peek()) reading.again();
      live = now;
    }),
  ];
  return () => {
    stops.forEach((stop) => stop());
    reading.close();
  };
}

export function useSheet(view: RoomView): Reading {
  const one = of(view);
  useEffect(() => {
    if (one.uses++ === 0) one.stop = follow(view, one.reading);
    return () => { if (--one.uses === 0) one.stop(); };
  }, [one]);
  return one.reading;
}

export const readingOf = (view: RoomView): Reading => of(view).reading;
