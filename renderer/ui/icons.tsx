import type { ReactNode } from "react";

export type IconName =
  | "import"
  | "marks"
  | "add"
  | "remove"
  | "folder"
  | "up"
  | "back"
  | "previous"
  | "next"
  | "close"
  | "sidebar"
  | "inspector"
  | "dense"
  | "comfortable"
  | "grid"
  | "compare"
  | "retry"
  | "copy"
  | "check"
  | "theme"
  | "language"
  | "keys"
  | "drop"
  | "noPicture";

const STROKES: Readonly<Record<IconName, ReactNode>> = {
  import: <path d="M8 2.5v7M5 6.8l3 3 3-3M2.5 10.5v3h11v-3" />,
  marks: <path d="M2 3h12v10H2zM8.5 10.5h3M4.5 10.5h1.5M4.5 5.5h3" />,
  add: <path d="M8 3v10M3 8h10" />,
  remove: <path d="M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.7 9h6.6l.7-9M6.7 7v4M9.3 7v4" />,
  folder: <path d="M1.8 12.8v-9h4.4l1.4 1.8h6.6v7.2z" />,
  up: <path d="M8 13V3.5M4 7.2l4-4 4 4" />,
  back: <path d="M13.5 8h-11M6.5 3.5 2.2 8l4.3 4.5" />,
  previous: <path d="M10 3.5 5.5 8l4.5 4.5" />,
  next: <path d="M6 3.5 10.5 8 6 12.5" />,
  close: <path d="m4 4 8 8m0-8-8 8" />,
  sidebar: <path d="M2 3h12v10H2zM6 3v10" />,
  inspector: <path d="M2 3h12v10H2zM10 3v10" />,
  dense: <path d="M2 3.5h12M2 6.5h12M2 9.5h12M2 12.5h12" />,
  comfortable: <path d="M2 3h3.5v3.5H2zM8 4.8h6M2 9.5h3.5V13H2zM8 11.2h6" />,
  grid: <path d="M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z" />,
  compare: <path d="M2 3h12v10H2zM8 1.5v13" />,
  retry: <path d="M13 8a5 5 0 1 1-1.5-3.6M13.2 2v3h-3" />,
  copy: <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />,
  check: <path d="m3 8.5 3.2 3.2L13 4.8" />,
  theme: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor" />
    </>
  ),
  language: <path d="M2.5 8a5.5 5.5 0 1 0 11 0 5.5 5.5 0 1 0-11 0h11M8 2.5c-3 3-3 8 0 11 3-3 3-8 0-11" />,
  keys: <path d="M1.5 4h13v8h-13zM4 6.8h.1M6.6 6.8h.1M9.3 6.8h.1M12 6.8h.1M5 9.6h6" />,
  noPicture: <path d="M2 3h12v10H2zM2.5 12.5l11-9" />,
  drop: <path d="M8 1.5v6.5M5.2 5.4 8 8.2l2.8-2.8M2 7.5v6h12v-6" />,
};

/** A 16-pixel line icon; decoration, the control around it has the name. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.25 * (16 / size) ** 0.5}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {STROKES[name]}
    </svg>
  );
}
