/** Icons, drawn inline in the current colour; always beside a word or under a label. */

const paths = {
  check: "M4 10.5l4 4 8-9",
  search: "M13.2 13.2L17.5 17.5M14.5 9a5.5 5.5 0 11-11 0 5.5 5.5 0 0111 0z",
  plus: "M10 4v12M4 10h12",
  back: "M12.5 4L6.5 10l6 6",
  down: "M4.5 7.5l5.5 5.5 5.5-5.5",
  arrowDown: "M10 4v12M5 11l5 5 5-5",
  right: "M7.5 4.5L13 10l-5.5 5.5",
  send: "M3 10l14-7-4.5 14-3-5.5zM9.5 11.5L17 3",
  reply: "M8 5L3.5 9.5 8 14M3.5 9.5H12a4.5 4.5 0 014.5 4.5v1.5",
  clock: "M17 10a7 7 0 11-14 0 7 7 0 0114 0zM10 6v4.3l2.8 1.7",
  alert: "M10 3l7.5 13.5h-15zM10 8.5v3.5M10 14.3v.1",
  lock: "M6 9h8a1.5 1.5 0 011.5 1.5v5A1.5 1.5 0 0114 17H6a1.5 1.5 0 01-1.5-1.5v-5A1.5 1.5 0 016 9zM7 9V6.5a3 3 0 016 0V9",
  bell: "M5 14V9a5 5 0 0110 0v5l1.5 1.5h-13zM8.5 17.5h3",
  belloff: "M3 3l14 14M5 9v5l-1.5 1.5h12M15 11V9a5 5 0 00-8-4M8.5 17.5h3",
  people: "M10.5 7a3 3 0 11-6 0 3 3 0 016 0zM2 16.5c0-3 2.5-5 5.5-5s5.5 2 5.5 5M13 4.3a3 3 0 010 5.4M15 12c1.9.7 3 2.3 3 4.5",
  pin: "M7 3h6l-.7 5.5 2.7 2.5v1.5H5V11l2.7-2.5zM10 12.5V18",
  close: "M5 5l10 10M15 5L5 15",
  mute: "M3 8v4h3l4 3.5v-11L6 8zM13.5 8l4 4M17.5 8l-4 4",
  more: "M4.5 10h.1M10 10h.1M15.5 10h.1",
  edit: "M4 16l.8-3.5L13.5 3.8l2.7 2.7L7.5 15.2z",
  offline: "M3 3l14 14M2.5 8a11 11 0 014-2.4M10 5a11 11 0 017.5 3M5.3 11a7 7 0 013-1.7M14.7 11a7 7 0 00-2-1.4M10 15.5v.1",
  sync: "M16 8a6.5 6.5 0 00-12-1M4 3.5V7h3.5M4 12a6.5 6.5 0 0012 1M16 16.5V13h-3.5",
  rooms: "M3 4.5h14v9H9l-4 3.5v-3.5H3zM6.5 8h7M6.5 10.5h4.5",
  cases: "M5.5 3h9A1.5 1.5 0 0116 4.5V16a1.5 1.5 0 01-1.5 1.5h-9A1.5 1.5 0 014 16V4.5A1.5 1.5 0 015.5 3zM7.5 3v14.5M10 7h3.5M10 10h3.5",
  book: "M4 3.5h10.5A1.5 1.5 0 0116 5v12.5H5.5A1.5 1.5 0 014 16zM12 8.5a2 2 0 11-4 0 2 2 0 014 0zM6.8 13.8c.4-1.7 1.6-2.5 3.2-2.5s2.8.8 3.2 2.5",
  user: "M13.3 7a3.3 3.3 0 11-6.6 0 3.3 3.3 0 016.6 0zM3.5 17c.5-3.5 3-5.3 6.5-5.3s6 1.8 6.5 5.3",
  hour: "M5.5 3h9M5.5 17h9M6.5 3c0 4 2.5 5 3.5 7-1 2-3.5 3-3.5 7M13.5 3c0 4-2.5 5-3.5 7 1 2 3.5 3 3.5 7",
  phone: "M5 3l3 .5 1 3.5-1.8 1.5a10 10 0 004.3 4.3L13 11l3.5 1 .5 3c0 1-1 2-2 2A12 12 0 013 5c0-1 1-2 2-2z",
  panel: "M3.5 4h13v12h-13zM12 4v12",
  list: "M3.5 4h13v12h-13zM8 4v12",
  eye: "M3 10s2.5-5 7-5 7 5 7 5-2.5 5-7 5-7-5-7-5zM12 10a2 2 0 11-4 0 2 2 0 014 0z",
  eyeoff: "M3 3l14 14M8.2 5.3A7 7 0 0110 5c4.5 0 7 5 7 5a12 12 0 01-2 2.6M12.5 14.6A7 7 0 0110 15c-4.5 0-7-5-7-5a12 12 0 013-3.5",
  mask: "M4 5h12v10H4zM6.5 8h7M6.5 10h7M6.5 12h7",
  flag: "M5 17.5V3M5 4h10l-2 3.5 2 3.5H5",
  out: "M8 4H4.5v12H8M11 6.5L14.5 10 11 13.5M14.5 10H8",
  move: "M3.5 10h12M11.5 5.5L16 10l-4.5 4.5M3.5 5v10",
  merge: "M4 5h3.5L12 10h4.5M4 15h3.5L12 10M14 7.5l2.5 2.5-2.5 2.5",
  star: "M10 3l2.1 4.6 4.900.6-3.6 3.400.9 4.900L10 14.1 5.700 16.5l.9-4.900L3 8.200l4.900-.6z",
  shield: "M10 2l6.5 2.3v4.9c0 4-2.7 7-6.5 8.8-3.8-1.8-6.5-4.8-6.5-8.8V4.3z",
  undo: "M7.5 4L4 7.5 7.5 11M4 7.5h7.5a4.5 4.5 0 010 9H8",
  trash: "M4 6h12M8 6V4h4v2M5.5 6l.8 10.5h7.4L14.5 6",
  photo: "M4 5.5h12a1.5 1.5 0 011.5 1.5v8a1.5 1.5 0 01-1.5 1.5H4A1.5 1.5 0 012.5 15V7A1.5 1.5 0 014 5.5zM4 15l4-4.5 3 3 2-2 3.5 3.5",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size }: { name: IconName; size?: "small" | "large" }) {
  return (
    <svg class={`icon${size ? ` ${size}` : ""}`} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={paths[name]} stroke-width={name === "more" ? 2.6 : undefined} />
    </svg>
  );
}

const shield = "M10 2l6.5 2.3v4.9c0 4-2.7 7-6.5 8.8-3.8-1.8-6.5-4.8-6.5-8.8V4.3z";

/** Verified is a shape, never only a colour. */
export const ShieldCheck = () => (
  <svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d={shield} /><path d="M7 9.8l2.2 2.2 4-4.5" /></svg>
);

export const Shield = ({ size }: { size?: "small" }) => (
  <svg class={`icon${size ? ` ${size}` : ""}`} viewBox="0 0 20 20" aria-hidden="true"><path d={shield} fill="currentColor" /></svg>
);

export const Mark = () => (
  <svg class="icon mark" viewBox="0 0 20 20" aria-hidden="true">
    <rect x="2" y="2" width="16" height="16" rx="3.5" fill="currentColor" stroke="none" />
    <g class="cut"><path d="M7 4.5v11" stroke-width="1.5" /><path d="M9.8 7.2h5M9.8 10h5M9.8 12.8h2.6" stroke-width="1.8" /></g>
  </svg>
);
