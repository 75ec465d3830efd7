import { useStore } from "zustand";
import { isRunning, type TrackedJob } from "../features/job/job-progress.ts";
import { newestFirst } from "../features/job/jobs-store.ts";
import { useJobLabel } from "../features/job/use-job-label.ts";
import { IconButton } from "../ui/controls.tsx";
import { Icon } from "../ui/icons.tsx";
import { JobSign } from "./job-sign.tsx";
import { useText } from "./messages/text.tsx";
import type { Preferences } from "./preferences-store.ts";
import { useJobs, usePreferences, useServices } from "./services.tsx";

const PLACES = ["import", "marks"] as const;
const THEMES: readonly Preferences["theme"][] = ["system", "dark", "light"];

export function Sidebar({ narrow, onKeys }: { narrow: boolean; onKeys: () => void }) {
  const { t } = useText();
  const { navigation, preferences } = useServices();
  const screen = useStore(navigation.store, (state) => state.screen);
  const jobs = useJobs((state) => newestFirst(state.jobs));
  const { theme, language } = usePreferences((value) => value);
  return (
    <nav className="sidebar" aria-label={t("nav.label")}>
      {PLACES.map((name) => (
        <button
          key={name}
          type="button"
          className="place"
          title={narrow ? t(`nav.${name}`) : undefined}
          aria-current={screen.name === name ? "page" : undefined}
          onClick={() => navigation.go({ name })}
        >
          <Icon name={name} />
          <span className="name">{t(`nav.${name}`)}</span>
        </button>
      ))}
      {jobs.length > 0 && <h3 id="sidebar-imports">{t("nav.imports")}</h3>}
      <ul className="jobs" aria-labelledby={jobs.length > 0 ? "sidebar-imports" : undefined}>
        {jobs.map((job) => (
          <li key={job.view.id}>
            <JobPlace job={job} current={"jobId" in screen && screen.jobId === job.view.id} />
          </li>
        ))}
      </ul>
      <div className="foot">
        <ConnectionSign />
        <div className="tools">
          <IconButton
            icon="theme"
            label={t(`nav.theme.${theme}`)}
            onClick={() =>
              preferences.setState({ theme: THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]! })
            }
          />
          <IconButton
            icon="language"
            label={t("nav.language")}
            onClick={() => preferences.setState({ language: language === "en" ? "zh" : "en" })}
          />
          <IconButton icon="keys" label={t("nav.keys")} onClick={onKeys} />
          <IconButton
            icon="sidebar"
            label={t(narrow ? "nav.expand" : "nav.collapse")}
            onClick={() => preferences.setState({ sidebar: narrow ? "wide" : "narrow" })}
          />
        </div>
      </div>
    </nav>
  );
}

function JobPlace({ job, current }: { job: TrackedJob; current: boolean }) {
  const { t, f } = useText();
  const { navigation } = useServices();
  const { view, attention, ratio } = job;
  const words = t(`job.short.${view.state}`);
  const label = useJobLabel()(view);
  return (
    <button
      type="button"
      className="place"
      title={`${label} · ${words} · ${f.time(view.startedAtMs)}`}
      aria-current={current ? "page" : undefined}
      onClick={() => navigation.go({ name: "job", jobId: view.id })}
    >
      <JobSign state={view.state} />
      <span className="name truncate">{label}</span>
      {isRunning(view) && ratio !== null ? (
        <span className="figure">{f.percent(Math.floor(ratio * 100) / 100)}</span>
      ) : attention > 0 ? (
        <span className="figure attention">
          <AttentionShape />
          {f.n(attention)}
          <span className="visually-hidden">{t("status.attention", attention)}</span>
        </span>
      ) : (
        <span className="figure">{f.n(view.found)}</span>
      )}
    </button>
  );
}

function AttentionShape() {
  return (
    <svg aria-hidden="true" width="10" height="10" viewBox="0 0 12 12">
      <path d="M6 .75 11.5 10.75H.5z" fill="currentColor" />
    </svg>
  );
}

function ConnectionSign() {
  const { t } = useText();
  const state = useStore(useServices().connection, (value) => value.state);
  const words = t(state === "ended" ? "nav.lost" : `nav.${state}`);
  const connected = state === "connected";
  return (
    <p className={`connection ${state}`} title={words}>
      <svg aria-hidden="true" width="12" height="12" viewBox="0 0 12 12">
        {connected ? (
          <circle cx="6" cy="6" r="4" fill="currentColor" />
        ) : (
          <path d="m3 3 6 6m0-6-6 6" stroke="currentColor" strokeWidth="1.75" />
        )}
      </svg>
      <span>{words}</span>
    </p>
  );
}
