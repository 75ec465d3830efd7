import { expect, test } from "vitest";
import type { JobView } from "#contracts/ipc.ts";
import { DEFAULT_MARK } from "#contracts/mark-spec.ts";
import { trackJob } from "./job-progress.ts";
import { jobInStatus, withJobs } from "./jobs-store.ts";
import { ownFolder } from "./use-job-label.ts";

const job = (change: Partial<JobView>): JobView => ({
  id: "job",
  root: "/pictures",
  label: "pictures",
  state: "running",
  waitingFor: null,
  found: 10,
  counts: {},
  already: 0,
  ignored: 0,
  bytesTotal: 0,
  bytesSent: 0,
  bytesPerSecond: 0,
  picturesPerSecond: 0,
  etaSeconds: null,
  startedAtMs: 0,
  finishedAtMs: null,
  mark: DEFAULT_MARK,
  ...change,
});

test("only folders that Platemark made up get a name of its own", () => {
  const home = "/home/studio/.platemark";
  expect(ownFolder(`${home}/samples`, home)).toBe("samples");
  expect(ownFolder(`${home}/inbox/0f8f`, home)).toBe("dropped");
  expect(ownFolder("C:\\P\\inbox\\0f8f", "C:\\P")).toBe("dropped");
  expect(ownFolder(`${home}/inbox/0f8f/Chairs`, home)).toBeNull();
  expect(ownFolder("/pictures/samples", home)).toBeNull();
});

test("counts marked and published as done, and failed ones as in need of attention", () => {
  const tracked = trackJob(undefined, job({ counts: { marked: 3, published: 1, failed: 1, queued: 5 } }));
  expect(tracked).toMatchObject({ marked: 4, attention: 1, ratio: 0.5 });
});

test("progress never goes back: not when more is found, not when failed ones are tried again", () => {
  let tracked = trackJob(undefined, job({ counts: { marked: 6, failed: 2, queued: 2 } }));
  tracked = trackJob(tracked, job({ counts: { marked: 6, failed: 0, queued: 4 } }));
  expect(tracked).toMatchObject({ ratio: 0.8, attention: 0 });
  tracked = trackJob(tracked, job({ found: 100, counts: { marked: 5, queued: 95 } }));
  expect(tracked).toMatchObject({ ratio: 0.8, marked: 6 });
});

test("progress is unknown while the folder is still read", () => {
  expect(trackJob(undefined, job({ state: "scanning", counts: { marked: 5 } })).ratio).toBeNull();
});

test("a complete list drops jobs that are gone and keeps what the others had reached", () => {
  const before = withJobs({ known: false, jobs: new Map() }, [
    job({ id: "a", counts: { marked: 5 } }),
    job({ id: "b" }),
  ]);
  const after = withJobs(before, [job({ id: "a", counts: { marked: 4 } })], true);
  expect([...after.jobs.keys()]).toEqual(["a"]);
  expect(after.jobs.get("a")?.marked).toBe(5);
  expect([before.known, after.known]).toEqual([false, true]);
});

test("the status line speaks of the chosen job, else a running one, else the newest", () => {
  const { jobs } = withJobs({ known: true, jobs: new Map() }, [
    job({ id: "old", startedAtMs: 1, state: "done" }),
    job({ id: "running", startedAtMs: 2 }),
    job({ id: "new", startedAtMs: 3, state: "done" }),
  ]);
  expect(jobInStatus(jobs, "old")?.view.id).toBe("old");
  expect(jobInStatus(jobs, null)?.view.id).toBe("running");
  const { jobs: settled } = withJobs({ known: true, jobs }, [
    job({ id: "running", startedAtMs: 2, state: "done" }),
  ]);
  expect(jobInStatus(settled, null)?.view.id).toBe("new");
  expect(jobInStatus(new Map(), null)).toBeUndefined();
});
