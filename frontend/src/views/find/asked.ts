/** What the page of cases shows, as its address says it: so that back, a reload and a link come to the same. */
import { ONLY, type Only, type Wanted } from "../../cases/finding";
import { statuses } from "../parts/statuses";

export type Place = "feed" | "search" | "follows" | "collections";
export interface Asked { place: Place; only: Only | ""; collection: string | null; wanted: Wanted }

const KEYS = ["q", "specialty", "status", "picture", "since", "until"] as const;
const one = <T extends string>(value: string | null, known: readonly T[]): T | "" => (known.includes(value as T) ? (value as T) : "");
const day = (value: string | null) => (/^\d{4}-\d{2}-\d{2}$/.test(value ?? "") ? value! : "");

export function asked(query: string): Asked {
  const said = new URLSearchParams(query);
  return {
    place: one(said.get("in"), ["search", "follows", "collections"] as const) || "feed",
    only: one(said.get("only"), ONLY),
    collection: said.get("collection"),
    wanted: {
      q: said.get("q") ?? "", specialty: said.get("specialty") ?? "", status: one(said.get("status"), statuses), picture: one(said.get("picture"), ["true", "false"] as const),
      since: day(said.get("since")), until: day(said.get("until")),
    },
  };
}

/** The address of a place with what is filtered there; what is empty is left out. */
export function toCases(place: Place, of: Partial<Wanted> & { only?: Only | ""; collection?: string } = {}): string {
  const said = new URLSearchParams();
  if (place !== "feed") said.set("in", place);
  for (const key of ["only", "collection", ...KEYS] as const) if (of[key]) said.set(key, of[key]);
  return `/cases${said.size ? `?${said}` : ""}`;
}
