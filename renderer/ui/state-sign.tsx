import type { ReactNode } from "react";
import type { MediaState } from "#contracts/media-state.ts";

const ring = <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" strokeWidth="1.5" />;

/** A shape for each state, so that colour is never alone. */
const SHAPES: Readonly<Record<MediaState, ReactNode>> = {
  found: (
    <circle
      cx="6"
      cy="6"
      r="4.25"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeDasharray="2 1.6"
    />
  ),
  copied: ring,
  queued: ring,
  uploading: (
    <path d="M6 10.5v-8M2.75 5.5 6 2.25 9.25 5.5" fill="none" stroke="currentColor" strokeWidth="1.75" />
  ),
  uploaded: <circle cx="6" cy="6" r="4" fill="currentColor" />,
  marking: (
    <>
      {ring}
      <path d="M6 1.75a4.25 4.25 0 0 1 0 8.5z" fill="currentColor" />
    </>
  ),
  marked: <path d="m1.75 6.5 2.75 2.75 5.75-6" fill="none" stroke="currentColor" strokeWidth="1.75" />,
  published: (
    <>
      <circle cx="6" cy="6" r="5" fill="currentColor" />
      <path d="m3.5 6.2 1.8 1.7 3.2-3.6" fill="none" stroke="var(--surface-0)" strokeWidth="1.4" />
    </>
  ),
  failed: (
    <>
      <path d="M6 .75 11.5 10.75H.5z" fill="currentColor" />
      <path d="M6 4.25v3M6 8.6v.6" stroke="var(--surface-0)" strokeWidth="1.4" />
    </>
  ),
};

/** A picture's state as shape and word; `word` off leaves the word to screen readers and the tooltip. */
export function StateSign(props: {
  readonly state: MediaState;
  readonly label: string;
  readonly word?: boolean;
}) {
  const { state, label, word = true } = props;
  return (
    <span className={`state ${state}`} title={word ? undefined : label}>
      <svg aria-hidden="true" width="12" height="12" viewBox="0 0 12 12">
        {SHAPES[state]}
      </svg>
      <span className={word ? "truncate" : "visually-hidden"}>{label}</span>
    </span>
  );
}
