import type { JobView } from "#contracts/ipc.ts";

/** A job as the window shows it: figures that only go forward, whatever order reports come in. */
export interface TrackedJob {
  readonly view: JobView;
  /** Pictures marked or published. Never falls. */
  readonly marked: number;
  /** Of all found ones, settled ones; 0 to 1, `null` while the folder is still read. Never falls. */
  readonly ratio: number | null;
  readonly attention: number;
}

/** Puts a report into the picture of its job. Pure. */
export function trackJob(previous: TrackedJob | undefined, view: JobView): TrackedJob {
  const { counts } = view;
  const attention = counts.failed ?? 0;
  const marked = (counts.marked ?? 0) + (counts.published ?? 0);
  const known = view.state !== "scanning" && view.found > 0;
  const ratio = known ? (marked + attention) / view.found : null;
  const before = previous?.ratio ?? null;
  return {
    view,
    marked: Math.max(previous?.marked ?? 0, marked),
    ratio: ratio === null ? before : Math.min(1, Math.max(before ?? 0, ratio)),
    attention,
  };
}

export function isRunning({ state }: JobView): boolean {
  return state === "scanning" || state === "running" || state === "waiting";
}
