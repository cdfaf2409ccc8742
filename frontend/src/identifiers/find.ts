/** Looks for identifiers in a text, exactly as consult/identifiers/find.py does: one rule set, two readers, the same cases. */
import { CHECKS, type Found } from "./checks";
import { DROPPED, FOLD, LEVELS, RULES, SIGNS, SIGNS_OF_DIGITS, type Level, type Rule } from "./rules";

/** Where, in code points, and what. */
export interface Finding { start: number; end: number; category: string; level: Level }

interface Folded { plain: string; low: string; places: number[]; shouting: boolean }

/** One character of the text is one here, whatever its size in UTF-16; invisible and combining ones are left out. */
function fold(text: string): Folded {
  const places: number[] = [];
  let plain = "";
  [...text].forEach((c, n) => {
    const folded = FOLD.get(c) ?? (c.length > 1 ? "\ue000" : c);
    if (DROPPED.test(folded)) return;
    places.push(n);
    plain += folded;
  });
  return { plain, low: plain.toLowerCase(), places, shouting: !/[a-z]/.test(plain) };
}

/** In order and without overlaps. `doctors` are family names that after "Dr" are the room's own. */
export function find(text: string, doctors: readonly string[] = []): Finding[] {
  const folded = fold(text);
  const seen = signs(folded.low);
  const own = new Set(doctors.flatMap((name) => fold(name).low.split(" ")).filter((word) => word.length > 2));
  const taken: Found[] = [];
  const used = new Uint8Array(folded.low.length); // 1 for each character that one of them has
  for (const rule of RULES) {
    if ((rule.sign && !seen.has(rule.sign)) || (rule.words && !rule.words.some((word) => folded.low.includes(word)))) continue;
    for (const found of matches(rule, folded, own)) {
      if (used.subarray(found[0], found[1]).includes(1)) continue;
      taken.push(found);
      used.fill(1, found[0], found[1]);
    }
  }
  return taken
    .sort((a, b) => a[0] - b[0])
    .map(([s, e, category]) => ({ start: folded.places[s]!, end: folded.places[e - 1]! + 1, category, level: LEVELS[category]! }));
}

/** What is cheap to see, so that most patterns need not be tried at all on most texts. */
function signs(low: string): Set<string> {
  const seen = new Set<string>();
  if (!/[0-9]/.test(low)) return seen;
  const look = (some: [string, RegExp][]) => some.forEach(([name, pattern]) => pattern.test(low) && seen.add(name));
  look(SIGNS);
  if (seen.has("digits")) look(SIGNS_OF_DIGITS);
  return seen;
}

function* matches(rule: Rule, folded: Folded, doctors: Set<string>): Generator<Found> {
  const check = rule.check ? CHECKS[rule.check]! : null;
  let at = 0;
  for (;;) {
    rule.pattern.lastIndex = at;
    const match = rule.pattern.exec(folded.low);
    if (!match) return;
    const [start, end] = match.indices![rule.group]!;
    const found: Found | null = check ? check({ ...folded, start, end, match, doctors }) : [start, end, rule.category];
    if (found) {
      yield found;
      at = Math.max(found[1], match.index + match[0].length);
    } else at = match.index + 1; // the next one may begin within this
  }
}
