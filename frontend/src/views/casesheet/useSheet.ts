/** The sheet of an open case, read once for all parts that show it, for as long as one of them is there. */
import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Reading } from "../../cases/reading";
import { readSheet } from "../../cases/sheet";
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

/** Follows the room: read when its messages are there, and again when an event moves the case, the language changes or the network is back. */
function follow(view: RoomView, reading: Reading): () => void {
  reading.open();
  let language = locale.peek();
  let live = false;
  const stops = [
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
