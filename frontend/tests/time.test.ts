/** Times as people say them: as the browser's own library would, which the first screen does not wait for. */
import { expect, test, vi } from "vitest";
import { briefIn, clock, dayIn, lastingIn, momentIn, untilIn } from "../src/i18n/time";

vi.mock("../src/store", async () => ({ locale: (await import("@preact/signals")).signal("fr") }));

const TONGUES = { fr: "fr-FR", en: "en-GB" } as const;
const plain = (text: string) => text.replace(/,/g, ""); // English puts one after the weekday where the year is said; ours does not
const cap = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

test.each(["fr", "en"] as const)("each day of a year in %s", (locale) => {
  const like = (options: Intl.DateTimeFormatOptions) => {
    const made = new Intl.DateTimeFormat(TONGUES[locale], options);
    return (date: Date) => plain(made.format(date));
  };
  const hour = like({ hour: "2-digit", minute: "2-digit" }), moment = like({ dateStyle: "long", timeStyle: "short" });
  const day = like({ weekday: "long", day: "numeric", month: "long" }), dayOf = like({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const brief = like({ day: "numeric", month: "short" }), briefOf = like({ day: "numeric", month: "short", year: "numeric" });
  const today = new Date(2026, 11, 31, 12).getTime(), later = new Date(2027, 5, 1).getTime();
  for (let n = 0; n < 364; n++) {
    const date = new Date(2026, 0, 1 + n, n % 24, (7 * n) % 60), at = date.toISOString();
    expect(clock(at)).toBe(hour(date));
    expect(dayIn(locale, at, today)).toBe(cap(day(date)));
    expect(dayIn(locale, at, later)).toBe(cap(dayOf(date)));
    expect(momentIn(locale, at)).toBe(moment(date));
    expect(briefIn(locale, at, later)).toBe(briefOf(date));
    if (n < 363) expect(briefIn(locale, at, today)).toBe(brief(date));
  }
});

test("the end of a line says the hour, then yesterday, then the date", () => {
  const today = new Date(2026, 10, 23, 9).getTime();
  expect(briefIn("fr", new Date(2026, 10, 23, 8, 5).toISOString(), today)).toBe("08:05");
  expect(briefIn("fr", new Date(2026, 10, 22, 23, 59).toISOString(), today)).toBe("hier");
  expect(briefIn("en", new Date(2026, 10, 22, 0, 1).toISOString(), today)).toBe("yesterday");
  expect(briefIn("fr", new Date(2026, 10, 21).toISOString(), today)).toBe("21 nov.");
  expect(lastingIn("fr", 0)).toBe("1\u00a0min");
});

test("an end within a day is an hour, a later one has its date", () => {
  const today = new Date(2026, 10, 23, 9).getTime(), soon = new Date(2026, 10, 23, 10, 5).toISOString(), later = new Date(2026, 10, 30, 10, 5).toISOString();
  expect(untilIn("fr", soon, today)).toBe("jusqu’à 10:05");
  expect(untilIn("en", soon, today)).toBe("until 10:05");
  expect(untilIn("fr", later, today)).toBe("jusqu’au 30 novembre 2026 à 10:05");
  expect(untilIn("en", later, today)).toBe("until 30 November 2026 at 10:05");
});
