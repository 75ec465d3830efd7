import { createStore, type StoreApi } from "zustand/vanilla";
import type { CoreClient, JobView } from "#contracts/ipc.ts";
import { isRunning, type TrackedJob, trackJob } from "./job-progress.ts";

export interface Jobs {
  /** False until the core has been asked once. */
  readonly known: boolean;
  readonly jobs: ReadonlyMap<string, TrackedJob>;
}
export type JobsStore = StoreApi<Jobs>;

/** Puts reports into what is known. `complete`: jobs that are not among them are gone. Pure. */
export function withJobs(state: Jobs, views: readonly JobView[], complete = false): Jobs {
  const jobs = new Map(complete ? [] : state.jobs);
  for (const view of views) jobs.set(view.id, trackJob(state.jobs.get(view.id), view));
  return { known: state.known || complete, jobs };
}

/** Newest first. Pure. */
export function newestFirst(jobs: ReadonlyMap<string, TrackedJob>): readonly TrackedJob[] {
  return [...jobs.values()].sort((a, b) => b.view.startedAtMs - a.view.startedAtMs);
}

/** The job that the status line speaks of: the one chosen, else a running one, else the newest. Pure. */
export function jobInStatus(
  jobs: ReadonlyMap<string, TrackedJob>,
  chosen: string | null,
): TrackedJob | undefined {
  const sorted = newestFirst(jobs);
  return (chosen !== null && jobs.get(chosen)) || sorted.find(({ view }) => isRunning(view)) || sorted[0];
}

/** Follows the core's jobs; asks for all of them anew each time the connection comes back. */
export function createJobsStore(client: CoreClient): JobsStore {
  const store: JobsStore = createStore(() => ({ known: false, jobs: new Map() }));
  client.on("job.changed", ({ job }) => store.setState((state) => withJobs(state, [job])));
  client.onConnection((connected) => {
    if (!connected) return;
    client.call("jobs.list", {}).then(
      ({ jobs }) => store.setState((state) => withJobs(state, jobs, true)),
      () => {},
    );
  });
  return store;
}
