import type { JobView } from "#contracts/ipc.ts";

/** A job's state as a 12-pixel shape; decoration, the word stands beside it. */
export function JobSign({ state }: { state: JobView["state"] }) {
  return (
    <svg
      className="job-sign"
      aria-hidden="true"
      width="12"
      height="12"
      viewBox="0 0 12 12"
      fill="none"
      stroke="currentColor"
    >
      {state === "done" && <path d="m1.75 6.5 2.75 2.75 5.75-6" strokeWidth="1.75" />}
      {state === "cancelled" && <path d="m3 3 6 6m0-6-6 6" strokeWidth="1.75" />}
      {state === "waiting" && <path d="M4 2.5v7M8 2.5v7" strokeWidth="2" />}
      {(state === "running" || state === "scanning") && (
        <path d="M3 1.5 10 6l-7 4.5z" fill="currentColor" stroke="none" />
      )}
    </svg>
  );
}
