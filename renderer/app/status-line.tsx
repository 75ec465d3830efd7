import { useStore } from "zustand";
import type { TrackedJob } from "../features/job/job-progress.ts";
import { jobInStatus } from "../features/job/jobs-store.ts";
import { JobSign } from "./job-sign.tsx";
import { useText } from "./messages/text.tsx";
import { useJobs, useServices } from "./services.tsx";

/** What is going on, in one line; a click opens it. */
export function StatusLine() {
  const { t } = useText();
  const services = useServices();
  const { navigation } = services;
  const screen = useStore(navigation.store, (state) => state.screen);
  const chosen = "jobId" in screen ? screen.jobId : null;
  const job = useJobs((state) => jobInStatus(state.jobs, chosen));
  const parts = useStatusParts(job);
  if (job === undefined)
    return (
      <section className="status" aria-label={t("status.label")}>
        <span className="line">{t("status.ready")}</span>
      </section>
    );
  const { view, attention } = job;
  const open = (filter: "all" | "failed") => {
    services.pictures(view.id).setFilter(filter);
    navigation.go({ name: "job", jobId: view.id });
  };
  return (
    <section className="status" aria-label={t("status.label")}>
      <button type="button" className={`line ${view.state}`} onClick={() => open("all")}>
        <JobSign state={view.state} />
        {parts.map((part) => (
          <span key={part} className="part">
            {part}
          </span>
        ))}
      </button>
      {attention > 0 && (
        <button type="button" className="attention" onClick={() => open("failed")}>
          {t("status.attention", attention)}
        </button>
      )}
    </section>
  );
}

function useStatusParts(job: TrackedJob | undefined): readonly string[] {
  const { t, f, reason } = useText();
  if (job === undefined) return [];
  const { view, marked } = job;
  const of = t("status.of", marked, view.found);
  switch (view.state) {
    case "scanning":
      return [t("status.scanning", view.found)];
    case "waiting":
      return [of, view.waitingFor ? reason(view.waitingFor) : t("status.waiting")];
    case "cancelled":
      return [t("status.cancelled"), of];
    case "done":
      return [
        t("status.done", marked),
        ...(view.finishedAtMs ? [t("status.took", (view.finishedAtMs - view.startedAtMs) / 1000)] : []),
      ];
    case "running":
      return [
        of,
        ...(view.picturesPerSecond > 0 ? [f.perSecond(view.picturesPerSecond)] : []),
        ...(view.etaSeconds !== null ? [t("status.left", view.etaSeconds)] : []),
        ...(view.bytesPerSecond > 0 ? [`↑ ${f.bytes(view.bytesPerSecond)}/s`] : []),
      ];
  }
}
