import "./shell.css";
import { lazy, Suspense, useEffect, useState } from "react";
import { useStore } from "zustand";
import { CompareScreen } from "../features/compare/compare-screen.tsx";
import { ImportScreen } from "../features/import/import-screen.tsx";
import { JobScreen } from "../features/job/job-screen.tsx";
import { Notice } from "../ui/controls.tsx";
import { FaultBoundary } from "./fault-boundary.tsx";
import { KeysDialog } from "./keys-dialog.tsx";
import { TextProvider, useText } from "./messages/text.tsx";
import { usePreferences, useServices } from "./services.tsx";
import { Sidebar } from "./sidebar.tsx";
import { StatusLine } from "./status-line.tsx";
import { isTyping, useKeys } from "./use-keys.ts";
import { useNarrow } from "./use-narrow.ts";

/** The frame: places left, one screen, the status line. */
export function Shell() {
  const { language, theme, sidebar } = usePreferences((preferences) => preferences);
  const tooNarrow = useNarrow(1200);
  const narrow = sidebar === "narrow" || (sidebar === "auto" && tooNarrow);
  const [keys, setKeys] = useState(false);
  const { navigation } = useServices();

  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  useKeys({
    "?": () => setKeys(true),
    n: () => navigation.go({ name: "import" }),
    m: () => navigation.go({ name: "marks" }),
  });
  useEffect(() => {
    // A file dropped beside the drop target must not replace the window.
    const swallow = (event: DragEvent) => !isTyping(event.target) && event.preventDefault();
    window.addEventListener("dragover", swallow);
    window.addEventListener("drop", swallow);
    return () => {
      window.removeEventListener("dragover", swallow);
      window.removeEventListener("drop", swallow);
    };
  }, []);

  return (
    <TextProvider language={language}>
      <div className={`shell ${narrow ? "narrow" : ""}`}>
        <Sidebar narrow={narrow} onKeys={() => setKeys(true)} />
        <main className="screen">
          <ConnectionNotice />
          <FaultBoundary>
            <CurrentScreen />
          </FaultBoundary>
        </main>
        <StatusLine />
      </div>
      {keys && <KeysDialog onClose={() => setKeys(false)} />}
    </TextProvider>
  );
}

/** With its editor, its fonts and its renderer; nobody else waits for them. */
const MarksScreen = lazy(async () => ({
  default: (await import("../features/marks/marks-screen.tsx")).MarksScreen,
}));

function Loading() {
  const { t } = useText();
  return (
    <div className="content list-empty" role="status">
      {t("job.loading")}
    </div>
  );
}

function CurrentScreen() {
  const { navigation } = useServices();
  const screen = useStore(navigation.store, (state) => state.screen);
  if (screen.name === "import") return <ImportScreen />;
  if (screen.name === "marks")
    return (
      <Suspense fallback={<Loading />}>
        <MarksScreen />
      </Suspense>
    );
  if (screen.name === "compare") return <CompareScreen key={screen.jobId} jobId={screen.jobId} />;
  return <JobScreen key={screen.jobId} jobId={screen.jobId} />;
}

function ConnectionNotice() {
  const { connection } = useServices();
  const state = useStore(connection, (value) => value.state);
  const { t } = useText();
  if (state !== "lost" && state !== "ended") return null;
  return <Notice bad>{t(state === "lost" ? "connection.lost" : "connection.ended")}</Notice>;
}
