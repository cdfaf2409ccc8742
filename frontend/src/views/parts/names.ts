/** Short forms of people's names. */

const titles = /^(dr|pr|docteur|professeur|prof|mme|m|mr|mrs|ms)\.?$/i;

/** "Dr Nadia Ferrand" -> "NF". */
export function initials(name: string): string {
  const parts = name.split(/[\s-]+/).filter((part) => part && !titles.test(part));
  const first = [...(parts[0] ?? "?")][0] ?? "?";
  const last = parts.length > 1 ? [...parts[parts.length - 1]!][0] ?? "" : "";
  return (first + last).toLocaleUpperCase();
}

/** "Dr Nadia Ferrand" -> "Dr Ferrand"; without a title the whole name stays. */
export function shortName(name: string | null | undefined): string {
  if (!name) return "?";
  const parts = name.split(/\s+/);
  return parts.length > 2 && titles.test(parts[0]!) ? `${parts[0]} ${parts.slice(2).join(" ")}` : name;
}

/** "Dr Nadia Ferrand" -> "Ferrand": all but the title and the first name. */
export function familyName(name: string): string {
  const parts = name.split(/\s+/).filter((part) => !titles.test(part));
  return parts.slice(parts.length > 1 ? 1 : 0).join(" ");
}
