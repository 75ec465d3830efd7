import "./marks.css";
import { useEffect, useMemo, useState } from "react";
import { useStore } from "zustand";
import { type ErrorBody, toErrorBody } from "#kernel/errors.ts";
import { useText } from "../../app/messages/text.tsx";
import { type Services, useServices } from "../../app/services.tsx";
import { Button, Notice } from "../../ui/controls.tsx";
import { CodeEditor } from "./code-editor.tsx";
import { ContactSheet } from "./contact-sheet.tsx";
import { editableLayers } from "./layer-values.ts";
import { createMarksModel, type MarksModel } from "./marks-store.ts";
import { MarksToolbar } from "./marks-toolbar.tsx";
import type { OverlayClient } from "./preview/overlay-client.ts";
import { forgetBuiltIn } from "./preview/preview-pictures.ts";
import { startOverlayWorker } from "./preview/start-worker.ts";
import { PreviewView } from "./preview-view.tsx";
import { useTrials } from "./use-trials.ts";
import { ValueControls } from "./value-controls.tsx";

/** One for the window, so that unsaved drafts outlive a look at another screen. */
const models = new WeakMap<Services, MarksModel>();

function modelOf(services: Services): MarksModel {
  const model = models.get(services) ?? createMarksModel(services.client);
  models.set(services, model);
  return model;
}

/** Templates: their text on the left, pictures with the mark on the right. */
export function MarksScreen() {
  const { t, reason } = useText();
  const services = useServices();
  const model = modelOf(services);
  const { templates, draft, document, diagnostics, problem, unsaved } = useStore(model.store);
  const trials = useTrials();
  const [chosenKey, setChosenKey] = useState<string | null>(null);
  const [generation, setGeneration] = useState(0);
  const [layer, setLayer] = useState(0);
  const [client, broken] = useOverlayClient(services);
  const layers = useMemo(() => editableLayers(document), [document]);
  const trial = trials?.find(({ key }) => key === chosenKey) ?? trials?.[0];
  const mistakes = diagnostics.filter(({ severity }) => severity === "error").length;
  useUnsavedGuard(unsaved.size > 0);

  const followCursor = (offset: number) => {
    const at = layers.findIndex(({ start, end }) => start <= offset && offset <= end);
    if (at >= 0) setLayer(at);
  };
  const fault = broken ?? problem;
  return (
    <section className="content marks-screen" aria-label={t("marks.title")}>
      <div className="marks-text">
        <MarksToolbar model={model} />
        {fault && (
          <Notice
            bad
            action={
              fault.code === "conflict" && (
                <Button size="small" onClick={() => void model.revert()}>
                  {t("marks.reload")}
                </Button>
              )
            }
          >
            {reason(fault)}
          </Notice>
        )}
        {draft ? (
          <>
            <CodeEditor model={model} draft={draft} diagnostics={diagnostics} onCursor={followCursor} />
            <p className={`marks-mistakes ${mistakes > 0 ? "some" : ""}`} role="status">
              {t("marks.problems", mistakes)}
              {mistakes > 0 && <span className="quiet"> {t("marks.inForce")}</span>}
            </p>
            <div className="marks-values" role="group" aria-label={t("marks.values")}>
              <ValueControls
                text={draft.text}
                layers={layers}
                chosen={Math.min(layer, layers.length - 1)}
                onChoose={setLayer}
                onText={(text) => model.setText(text)}
              />
            </div>
          </>
        ) : (
          <div className="list-empty" role="status">
            {templates === null ? t("job.loading") : t("marks.none")}
            {templates !== null && <Button onClick={() => model.create()}>{t("marks.none.way")}</Button>}
          </div>
        )}
      </div>
      <div className="marks-pictures">
        {client && trials && trial ? (
          <>
            <PreviewView
              model={model}
              client={client}
              trial={trial}
              generation={generation}
              onLost={() => {
                forgetBuiltIn();
                setGeneration((before) => before + 1);
              }}
            />
            <ContactSheet
              key={generation}
              model={model}
              client={client}
              trials={trials}
              chosen={trial}
              onChoose={({ key }) => setChosenKey(key)}
            />
          </>
        ) : (
          <div className="list-empty" role="status">
            {t("marks.preview.starting")}
          </div>
        )}
      </div>
    </section>
  );
}

/** The worker lives as long as the screen: its fonts and WebAssembly are worth 60 MB. */
function useOverlayClient({ client: core }: Services): readonly [OverlayClient | null, ErrorBody | null] {
  const [client, setClient] = useState<OverlayClient | null>(null);
  const [broken, setBroken] = useState<ErrorBody | null>(null);
  useEffect(() => {
    const started = startOverlayWorker((error) => setBroken(toErrorBody(error)));
    setClient(started.client);
    const forget = core.on("templates.changed", () => started.client.forget());
    return () => {
      forget();
      started.stop();
      setClient(null);
    };
  }, [core]);
  return [client, broken];
}

/** The browser asks before the window is closed on unsaved changes. */
function useUnsavedGuard(isUnsaved: boolean): void {
  useEffect(() => {
    if (!isUnsaved) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isUnsaved]);
}
