/** The editor's tools, in order, with their keys and drawings. */
export type Tool = "rect" | "brush" | "arrow" | "ellipse" | "number" | "crop";

export const tools: readonly { name: Tool; key: string; path: string; solid?: boolean }[] = [
  { name: "rect", key: "m", path: "M4 5h12v10H4z", solid: true },
  { name: "brush", key: "b", path: "M4 14c3-7 5-7 6-4s3 3 6-4" },
  { name: "arrow", key: "f", path: "M4 16L15 5M8.5 5H15v6.5" },
  { name: "ellipse", key: "o", path: "M17 10c0 3-3 5.5-7 5.5S3 13 3 10s3-5.5 7-5.5 7 2.5 7 5.5z" },
  { name: "number", key: "n", path: "M17 10a7 7 0 11-14 0 7 7 0 0114 0zM8.5 7.5L10.5 6v8" },
  { name: "crop", key: "c", path: "M6 2.5V14h11.5M2.5 6H14v11.5" },
];
