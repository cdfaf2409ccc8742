/** What a pattern cannot say: keys, calendars, and whether a word after a civility is a name. Twin of consult/identifiers/checks.py. */
import { BIRTH_AFTER, BIRTH_BEFORE, MONTHS, PHONE_GROUPS, WORDS } from "./rules";

export interface Candidate { plain: string; low: string; shouting: boolean; start: number; end: number; match: RegExpExecArray; doctors: Set<string> }
export type Found = [start: number, end: number, category: string];

const before = (c: Candidate, length: number) => c.low.slice(Math.max(0, c.start - length), c.start);
const written = (c: Candidate) => c.low.slice(c.start, c.end);
const as = (c: Candidate, category: string): Found => [c.start, c.end, category];
const digits = (text: string) => text.replace(/[^0-9]+/g, "");
const NIR_WORD = /\b(?:nir|secu|securite sociale|ss|immatricul\w*|assuree?|nss|insee|ins)\b[^0-9\n]{0,25}$/;
const STREET_WORD = /\b(?:habit\w*|domicilie\w*|adresse|resid\w*|demeur\w*|loge\w*|vit)\b[^\n]{0,12}$/;
const WORD = /[A-Za-z][A-Za-z'-]*/g;
const SHAPES = new Set(["1-2-2-2-3-3", "1-2-2-2-3-3-2", "13", "15", "13-2"]);
const upper = (c: string | undefined) => c !== undefined && c >= "A" && c <= "Z";

function nir(c: Candidate): Found | null {
  const n = written(c).replace(/[ .\-/]/g, "");
  const month = n.slice(3, 5);
  if (!((month >= "01" && month <= "12") || (month >= "20" && month <= "42") || month >= "50")) return null;
  if (/[ab]/.test(n) && !["2a", "2b"].includes(n.slice(5, 7))) return null;
  if (n.length === 15) {
    const number = Number(n.slice(0, 13).replace("2a", "19").replace("2b", "18"));
    if (97 - (number % 97) === Number(n.slice(13))) return as(c, "nir");
  }
  const shape = written(c).split(/[ .\-/]+/).map((part) => part.length).join("-");
  const likely = SHAPES.has(shape) && (n[0] === "1" || n[0] === "2") && n.slice(5, 7) !== "00" && month >= "01" && month <= "12";
  return likely || NIR_WORD.test(before(c, 40)) ? as(c, "nir_like") : null;
}

/** The RPPS number's last digit. */
function luhn(c: Candidate): Found | null {
  let total = 0;
  [...written(c).slice(-11)].reverse().forEach((digit, n) => {
    const value = Number(digit) << n % 2;
    total += value > 9 ? value - 9 : value;
  });
  return total % 10 === 0 ? as(c, "rpps") : null;
}

function record(c: Candidate): Found | null {
  const text = written(c);
  return digits(text).length >= 5 && !/^[0-9]{1,2}[ ./-][0-9]{1,2}[ ./-](?:[0-9]{2}){1,2}$/.test(text) ? as(c, "record") : null;
}

/** Ten digits grouped as people write them, and no decimals. */
function phone(c: Candidate): Found | null {
  const groups = written(c).split(/[^0-9]+/).map((g) => g.length).join("-");
  return PHONE_GROUPS.has(groups) && !/[0-9][,.]$/.test(before(c, 2)) ? as(c, "phone") : null;
}

/** After a plus sign or 00: what stands before is no letter ("J+33"), and there are 9 to 15 digits. */
function abroad(c: Candidate): Found | null {
  const count = digits(written(c)).length;
  return count >= 9 && count <= 15 && !/[0-9a-z]$/.test(before(c, 1)) ? as(c, "phone") : null;
}

function dated(c: Candidate, day: string, month: string, year: string): Found | null {
  const m = /^[0-9]+$/.test(month) ? Number(month) : (MONTHS[month.slice(0, 4)] ?? MONTHS[month.slice(0, 3)] ?? 0);
  const d = Number(day), y = Number(year);
  if (!(d >= 1 && d <= 31 && m >= 1 && m <= 12 && (year.length === 2 || (y >= 1900 && y <= 2100)))) return null;
  if (BIRTH_BEFORE.test(before(c, 60)) || BIRTH_AFTER.test(c.low.slice(c.end, c.end + 30))) return as(c, "birth_date");
  return year.length === 4 ? as(c, "date") : null;
}

/** A word that has other meanings ("3 cours de", "1 place") is a street where someone lives or the name is a capital one. */
function street(c: Candidate): Found | null {
  if (STREET_WORD.test(before(c, 40))) return as(c, "address");
  const names = (c.plain.slice(c.start, c.end).match(WORD) ?? []).filter((w) => !WORDS.particles.has(w.toLowerCase()) && !WORDS.ways.has(w.toLowerCase()));
  return !c.shouting && upper(names[0]?.[0]) ? as(c, "address") : null;
}

function town(c: Candidate): Found | null {
  const word = wordAt(c.plain, c.end);
  if (!word || !upper(word[0]) || c.shouting) return null;
  const low = word.toLowerCase();
  return WORDS.towns.has(low) || WORDS.hospitals.has(low) || WORDS.after_place.has(low) || WORDS.common.has(low) ? null : [c.end, c.end + word.length, "town"];
}

const AT = new RegExp(WORD.source, "y");
function wordAt(text: string, at: number): string | undefined {
  AT.lastIndex = at;
  return AT.exec(text)?.[0];
}

/** The name after a civility: capitalised, or in a text without capitals an uncommon word after an abbreviation. */
function name(c: Candidate): Found | null {
  if (/[0-9a-z]$/.test(before(c, 1))) return null;
  const civility = written(c).replace(/[. ]+$/, "");
  // "pr" is short for pour, and "3 m" for metres.
  if (!upper(c.plain[c.start]) && (civility === "pr" || (civility === "m" && /[0-9] ?$/.test(before(c, 2))))) return null;
  if (civility === "pr" && c.plain[c.start + 1] === "R" && !c.shouting) return null;
  const found = nameFrom(c, civility);
  const earlier = found && (before(c, 30).replace(/'/g, " ").match(WORD) ?? []);
  return earlier?.slice(-2).some((word) => WORDS.after_place.has(word)) ? null : found;
}

function nameFrom(c: Candidate, civility: string): Found | null {
  let at = c.end, end = 0, names = 0;
  while (names < 3) {
    const word = wordAt(c.plain, at);
    if (!word) break;
    const low = word.toLowerCase().replace(/['-]+$/, "");
    if (WORDS.articles.has(low) && !upper(word[0])) break; // "Mme la directrice"; the name is written Le Goff
    if (!WORDS.particles.has(low)) {
      if (!isName(word, low, civility, names, c.shouting)) break;
      names++;
      end = at + word.length;
      if (c.doctors.has(low) && WORDS.doctor_civilities.has(civility)) return null;
    }
    at += word.length;
    if (c.plain[at] !== " ") break;
    at++;
  }
  return names ? [c.start, end, "name"] : null;
}

function isName(word: string, low: string, civility: string, names: number, loud: boolean): boolean {
  const elided = low.includes("'") ? low.split("'") : null;
  if (low.length < 2 || WORDS.common.has(low) || WORDS.drugs.has(low)) return false;
  if (elided && (!upper(word[0]) || WORDS.common.has(elided[elided.length - 1]!))) return false;
  if ((civility === "m" || civility === "mr") && WORDS.eponyms.has(low)) return false;
  if (upper(word[0]) && !loud) return word.length > 2 || word !== word.toUpperCase();
  if (names) return loud && names < 2;
  if (WORDS.frequent.has(low)) return true;
  return (loud || WORDS.abbreviated.has(civility)) && ![...WORDS.endings].some((ending) => low.endsWith(ending));
}

export const CHECKS: Record<string, (c: Candidate) => Found | null> = {
  nir, luhn, record, phone, abroad, street, town, name,
  date: (c) => dated(c, c.match[1]!, c.match[2]!, c.match[3]!),
  iso_date: (c) => dated(c, c.match[3]!, c.match[2]!, c.match[1]!),
};
