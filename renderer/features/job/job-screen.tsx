import "./job.css";
import { useStore } from "zustand";
import { useText } from "../../app/messages/text.tsx";
import { useJobs, usePictures, usePreferences, useServices } from "../../app/services.tsx";
import { useKeys } from "../../app/use-keys.ts";
import { Button, IconButton, Notice, ProgressBar, Segmented } from "../../ui/controls.tsx";
import { Inspector } from "../inspector/inspector.tsx";
import { JobHead } from "./job-head.tsx";
import { isRunning } from "./job-progress.ts";
import { PicturesView } from "./pictures-view.tsx";
import { useRetry } from "./use-retry.ts";

const VIEWS = ["dense", "comfortable", "grid"] as const;
const FILTERS = ["all", "failed", "marked"] as const;

/** One import: what is going on, and its pictures. */
export function JobScreen({ jobId }: { jobId: string }) {
  const { t, f, reason } = useText();
  const services = useServices();
  const { navigation, preferences } = services;
  const model = services.pictures(jobId);
  const job = useJobs(({ jobs }) => jobs.get(jobId));
  const known = useJobs((state) => state.known);
  const filter = usePictures(model, (state) => state.filter);
  const problem = usePictures(model, (state) => state.problem);
  const picture = usePictures(model, ({ rows, selected }) => rows.get(selected));
  const connected = useStore(services.connection, ({ state }) => state === "connected");
  const { view, inspector } = usePreferences((value) => value);
  const retry = useRetry(jobId);

  useKeys({
    "1": () => model.setFilter("all"),
    "2": () => model.setFilter("failed"),
    "3": () => model.setFilter("marked"),
    v: () => preferences.setState({ view: VIEWS[(VIEWS.indexOf(view) + 1) % VIEWS.length]! }),
    i: () => preferences.setState({ inspector: !inspector }),
    r: () => picture?.state === "failed" && retry.run([picture.id]),
    c: () => navigation.go({ name: "compare", jobId }),
    escape: () => navigation.go({ name: "import" }),
  });

  if (job === undefined)
    return (
      <div className="content list-empty" role="status">
        {known ? (
          <>
            <p>{t("job.empty.all")}</p>
            <Button onClick={() => navigation.go({ name: "import" })}>{t("job.empty.way")}</Button>
          </>
        ) : (
          t("job.loading")
        )}
      </div>
    );
  const counts = { all: job.view.found, failed: job.attention, marked: job.marked };
  return (
    <div className="content job-screen">
      <div className="toolbar">
        <Segmented
          label={t("job.filter")}
          value={filter}
          segments={FILTERS.map((value) => ({
            value,
            label: t(`job.filter.${value}`),
            count: f.n(counts[value]),
          }))}
          onChange={model.setFilter}
        />
        <span className="spring" />
        <Segmented
          label={t("job.view")}
          value={view}
          segments={VIEWS.map((value) => ({ value, label: t(`job.view.${value}`), icon: value }))}
          onChange={(value) => preferences.setState({ view: value })}
        />
        <IconButton
          icon="inspector"
          label={t("job.inspector")}
          aria-pressed={inspector}
          onClick={() => preferences.setState({ inspector: !inspector })}
        />
      </div>
      <JobHead job={job} retry={retry} />
      <ProgressBar
        label={t("job.progress")}
        ratio={job.view.state === "scanning" ? null : (job.ratio ?? 0)}
        done={!isRunning(job.view)}
      />
      {job.view.state === "waiting" && job.view.waitingFor && <Notice>{reason(job.view.waitingFor)}</Notice>}
      {retry.problem && <Notice bad>{reason(retry.problem)}</Notice>}
      {problem && connected && (
        <Notice
          bad
          action={
            <Button size="small" onClick={() => model.refresh()}>
              {t("action.tryAgain")}
            </Button>
          }
        >
          {reason(problem)}
        </Notice>
      )}
      <div className="job-body">
        <PicturesView jobId={jobId} scanning={job.view.state === "scanning"} retry={retry} />
        {inspector && <Inspector picture={picture} retry={retry} />}
      </div>
    </div>
  );
}
