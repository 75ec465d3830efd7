import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { ErrorBody } from "#kernel/errors.ts";
import { useText } from "../../app/messages/text.tsx";
import { usePreferences, useServices } from "../../app/services.tsx";
import { useKeys } from "../../app/use-keys.ts";
import { IconButton, Notice, Segmented } from "../../ui/controls.tsx";
import { BACKGROUNDS, Swatches } from "../../ui/swatches.tsx";
import { Divider } from "../compare/divider.tsx";
import { useDrag } from "../compare/loupe.tsx";
import type { MarksModel } from "./marks-store.ts";
import type { Compositor } from "./preview/compositor.ts";
import type { OverlayClient } from "./preview/overlay-client.ts";
import { type LoadedPicture, loadPicture, type TrialPicture } from "./preview/preview-pictures.ts";
import { PreviewStage, type StageLayout } from "./preview/preview-stage.ts";
import type { PreviewView as View } from "./preview/view-geometry.ts";

const CENTRE = { x: 0, y: 0 };
const NOTHING: StageLayout = { scale: 0, left: 0, top: 0, width: 0, height: 0 };

export interface PreviewViewProps {
  readonly model: MarksModel;
  readonly client: OverlayClient;
  readonly trial: TrialPicture;
  /** Another number: the picture has to be loaded anew. */
  readonly generation: number;
  readonly onLost: () => void;
}

/** The mark on one picture, as the worker will make it. Changes of the text go straight from the model to the canvas. */
export function PreviewView({ model, client, trial, generation, onLost }: PreviewViewProps) {
  const { t, reason } = useText();
  const { preferences } = useServices();
  const background = usePreferences((value) => value.loupe);
  const frame = useRef<HTMLDivElement>(null);
  const stage = useRef<PreviewStage | null>(null);
  const [kind, setKind] = useState<Compositor["kind"] | null>(null);
  const [picture, setPicture] = useState<LoadedPicture | "loading" | "gone">("loading");
  const [view, setView] = useState<View>({ zoom: "fit", pan: CENTRE });
  const [split, setSplit] = useState<number | null>(null);
  const [shown, setShown] = useState<StageLayout>(NOTHING);
  const [missing, setMissing] = useState<readonly string[]>([]);
  const [problem, setProblem] = useState<ErrorBody | null>(null);
  const lost = useRef(onLost);
  lost.current = onLost;
  const label = t("marks.preview.label");

  useLayoutEffect(() => {
    const own = new PreviewStage(frame.current!, label, {
      onCompositor: setKind,
      onLayout: (layout) =>
        setShown((before) => (JSON.stringify(before) === JSON.stringify(layout) ? before : layout)),
      onLost: () => lost.current(),
      // One entry, for benchmarks: when the last frame was drawn.
      onDrawn() {
        performance.clearMarks("marks.drawn");
        performance.mark("marks.drawn");
      },
    });
    stage.current = own;
    void own.start();
    return () => {
      stage.current = null;
      own.close();
    };
  }, [label]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each picture is shown from its middle.
  useEffect(() => setView((before) => ({ ...before, pan: CENTRE })), [trial]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was lost is loaded anew.
  useEffect(() => {
    const stop = new AbortController();
    setPicture("loading");
    let loaded: LoadedPicture | null = null;
    loadPicture(trial, { signal: stop.signal }).then(
      (found) => {
        if (stop.signal.aborted) return found?.bitmap.close();
        loaded = found;
        setPicture(found ?? "gone");
      },
      () => !stop.signal.aborted && setPicture("gone"),
    );
    return () => {
      stop.abort();
      stage.current?.setPicture(null);
      loaded?.bitmap.close();
    };
  }, [trial, generation]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another language makes another stage.
  useLayoutEffect(() => {
    stage.current?.setPicture(typeof picture === "object" ? picture : null);
  }, [picture, label]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another language makes another stage.
  useLayoutEffect(() => {
    const measured = frame.current!;
    const layOut = () => {
      const { width, height } = measured.getBoundingClientRect();
      const pixels = (length: number) => Math.max(1, Math.floor(length * devicePixelRatio));
      stage.current?.setView({ width: pixels(width), height: pixels(height) }, view);
    };
    const observer = new ResizeObserver(layOut);
    observer.observe(measured);
    layOut();
    return () => observer.disconnect();
  }, [view, label]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another language makes another stage.
  useLayoutEffect(() => stage.current?.setSplit(split ?? 0), [split, label]);

  useEffect(() => {
    if (typeof picture !== "object" || shown.scale === 0) return;
    const { size, isFull } = picture;
    const variables = { timestamp_ms: Date.now(), ...trial.variables, ...picture.variables };
    const isRead = trial.item !== null && isFull;
    const draw = (text: string) => {
      client.draw(
        text,
        { key: "main", ...size, scale: shown.scale, variables, isRead },
        {
          urgent: true,
          tell: (drawn) => {
            model.tellImages(drawn.source, drawn.diagnostics);
            setMissing((before) => (String(before) === String(drawn.missing) ? before : drawn.missing));
            setProblem(drawn.problem);
            if (drawn.tiles) stage.current?.setTiles(drawn.tiles, drawn.picture.scale);
            else stage.current?.keepTiles(drawn.picture.scale);
          },
        },
      );
    };
    let asked = model.store.getState().draft?.text ?? "";
    draw(asked);
    return model.store.subscribe(({ draft }) => {
      if (!draft || draft.text === asked) return;
      asked = draft.text;
      draw(asked);
    });
  }, [client, model, picture, trial, shown.scale]);

  const setZoom = (zoom: View["zoom"]) =>
    setView({ zoom, pan: zoom === "full" ? (stage.current?.panToMark() ?? CENTRE) : CENTRE });
  const flipZoom = () => setZoom(view.zoom === "fit" ? "full" : "fit");
  const flipSplit = () => setSplit((before) => (before === null ? 0.5 : null));
  const move = (x: number, y: number) =>
    setView((before) => ({
      ...before,
      pan:
        stage.current?.bounded({
          x: before.pan.x + x * devicePixelRatio,
          y: before.pan.y + y * devicePixelRatio,
        }) ?? before.pan,
    }));
  useKeys({
    z: flipZoom,
    s: flipSplit,
    b: () =>
      preferences.setState({
        loupe: BACKGROUNDS[(BACKGROUNDS.indexOf(background) + 1) % BACKGROUNDS.length]!,
      }),
    arrowleft: () => move(80, 0),
    arrowright: () => move(-80, 0),
    arrowup: () => move(0, 80),
    arrowdown: () => move(0, -80),
  });
  const drag = useDrag(move);
  const draggable = view.zoom === "full";
  const isSmall = typeof picture === "object" && !picture.isFull;

  return (
    <section className="marks-preview" aria-label={t("marks.preview")}>
      <div className="toolbar">
        <span className="title truncate">{trial.name || t("marks.preview.sample")}</span>
        <span className="spring" />
        <IconButton
          icon="compare"
          label={t("marks.preview.before")}
          aria-pressed={split !== null}
          onClick={flipSplit}
        />
        <Segmented
          label={t("compare.zoom")}
          value={view.zoom}
          segments={[
            { value: "fit", label: t("compare.fit") },
            { value: "full", label: t("compare.full"), hint: t("marks.preview.full.hint") },
          ]}
          onChange={setZoom}
        />
        <Swatches
          label={t("compare.background")}
          name={(each) => t(`compare.background.${each}`)}
          value={background}
          onChange={(value) => preferences.setState({ loupe: value })}
        />
      </div>
      {problem && <Notice bad>{reason(problem)}</Notice>}
      <div
        className={`marks-pane ${background} ${draggable ? "draggable" : ""}`}
        {...(draggable ? drag : {})}
      >
        <div
          ref={frame}
          className="marks-frame"
          data-compositor={kind}
          data-shown={JSON.stringify(shown)}
          aria-busy={picture === "loading"}
        >
          {split !== null && typeof picture === "object" && (
            <div className="marks-split" style={{ width: shown.width / devicePixelRatio }}>
              <Divider split={split} width={shown.width / devicePixelRatio} onSplit={setSplit} />
            </div>
          )}
        </div>
        {typeof picture === "string" && (
          <p className="absent" role="status">
            {t(`marks.preview.${picture}`)}
          </p>
        )}
      </div>
      <p className="marks-notes quiet truncate">
        {isSmall && <span>{t("marks.preview.small")} </span>}
        {missing.length > 0 && <span>{t("marks.preview.examples", missing.join(", "))} </span>}
        {kind && <span>{t(`marks.preview.${kind}`)}</span>}
      </p>
    </section>
  );
}
