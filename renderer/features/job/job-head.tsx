import { useEffect } from "react";
import { useText } from "../../app/messages/text.tsx";
import { useServices } from "../../app/services.tsx";
import { Button } from "../../ui/controls.tsx";
import { isRunning, type TrackedJob } from "./job-progress.ts";
import { useJobLabel } from "./use-job-label.ts";
import type { Retry } from "./use-retry.ts";

/** What an import has come to, in words, and what can be done about it. */
export function JobHead({ job, retry }: { job: TrackedJob; retry: Retry }) {
  const { t, f } = useText();
  const { navigation } = useServices();
  const { view, marked, attention } = job;
  const label = useJobLabel()(view);
  useEffect(() => {
    document.title = `${label} – Platemark`;
    return () => {
      document.title = "Platemark";
    };
  }, [label]);
  const facts = [
    ...(view.state === "scanning" ? [t("job.scanning", view.found)] : [t("job.done", marked)]),
    ...(view.bytesTotal > 0
      ? [`${f.bytes(view.bytesSent)} / ${f.bytes(Math.max(view.bytesSent, view.bytesTotal))}`]
      : []),
    ...(view.already > 0 ? [t("job.already", view.already)] : []),
    ...(view.ignored > 0 ? [t("job.ignored", view.ignored)] : []),
    f.time(view.startedAtMs),
  ];
  return (
    <header className="job-head">
      <div className="facts">
        <h2 className="truncate" title={view.root}>
          {label}
        </h2>
        <p>
          {facts.map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </p>
      </div>
      <div className="ways">
        {attention > 0 && (
          <Button icon="retry" onClick={() => retry.run()}>
            {t("job.retryAll", attention)}
          </Button>
        )}
        {isRunning(view) && <Button onClick={retry.cancel}>{t("job.cancel")}</Button>}
        <Button
          look="primary"
          icon="compare"
          disabled={marked === 0}
          onClick={() => navigation.go({ name: "compare", jobId: view.id })}
        >
          {t("job.compare")}
        </Button>
      </div>
    </header>
  );
}
