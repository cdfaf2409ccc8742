/** Cuts a plain-text body into text, links, tags and mentions. Offsets of mentions count code points. */
import type { Mention } from "../../protocol";

export type Part =
  | { type: "text"; text: string }
  | { type: "link"; text: string; href: string }
  | { type: "tag"; text: string; tag: string }
  | { type: "mention"; text: string; person: string };

/** A web address up to a space, or a tag that begins a word. */
const pattern = /(https?:\/\/[^\s<>"«»]+)|(?<![\p{L}\p{N}_&/#])#([\p{L}\p{N}_]{2,50})/giu;

/** Only http and https, and nothing that hides another host behind a user name. */
export function safeHref(text: string): string | null {
  try {
    const url = new URL(text);
    return (url.protocol === "http:" || url.protocol === "https:") && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}

/** A sentence's own punctuation is no part of the address it ends with. */
function trimAddress(text: string): string {
  let out = text.replace(/[.,;:!?'’…]+$/u, "");
  while (out.endsWith(")") && (out.match(/\)/g)?.length ?? 0) > (out.match(/\(/g)?.length ?? 0)) out = out.slice(0, -1).replace(/[.,;:!?]+$/u, "");
  return out;
}

function plainParts(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const found of text.matchAll(pattern)) {
    const [whole, address, tag] = found;
    const shown = address ? trimAddress(address) : whole;
    const href = address ? safeHref(shown) : null;
    if (address && !href) continue;
    if (found.index > from) parts.push({ type: "text", text: text.slice(from, found.index) });
    parts.push(href ? { type: "link", text: shown, href } : { type: "tag", text: shown, tag: tag!.toLocaleLowerCase() });
    from = found.index + shown.length;
  }
  if (from < text.length) parts.push({ type: "text", text: text.slice(from) });
  return parts;
}

export function bodyParts(body: string, mentions: readonly Mention[] | null): Part[] {
  if (!mentions?.length) return plainParts(body);
  const points = [...body];
  const parts: Part[] = [];
  let from = 0;
  for (const one of [...mentions].sort((a, b) => a.start - b.start)) {
    if (one.start < from || one.length < 1 || one.start + one.length > points.length) continue;
    parts.push(...plainParts(points.slice(from, one.start).join("")));
    parts.push({ type: "mention", text: points.slice(one.start, one.start + one.length).join(""), person: one.person });
    from = one.start + one.length;
  }
  parts.push(...plainParts(points.slice(from).join("")));
  return parts;
}
