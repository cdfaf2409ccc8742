/** Cuts an excerpt at the marks of a search; offsets count code points. */
export function marked(text: string, marks: readonly (readonly [number, number])[]): { text: string; mark: boolean }[] {
  const points = [...text];
  const out: { text: string; mark: boolean }[] = [];
  let from = 0;
  for (const [start, size] of [...marks].sort((a, b) => a[0] - b[0])) {
    if (start < from || size < 1 || start >= points.length) continue;
    if (start > from) out.push({ text: points.slice(from, start).join(""), mark: false });
    out.push({ text: points.slice(start, start + size).join(""), mark: true });
    from = start + size;
  }
  if (from < points.length) out.push({ text: points.slice(from).join(""), mark: false });
  return out;
}
