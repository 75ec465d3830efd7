import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { blendOpaqueTiles } from "#imaging/overlay/blend-opaque-tiles.ts";
import type { OpaqueTile } from "#imaging/overlay/scaled-overlay.ts";
import { useText } from "../../app/messages/text.tsx";
import type { MarksModel } from "./marks-store.ts";
import type { OverlayClient } from "./preview/overlay-client.ts";
import { loadThumb, type TrialPicture } from "./preview/preview-pictures.ts";

/** Milliseconds without a change before the sheet follows. */
const REST_MS = 200;

export interface ContactSheetProps {
  readonly model: MarksModel;
  readonly client: OverlayClient;
  readonly trials: readonly TrialPicture[];
  readonly chosen: TrialPicture;
  readonly onChoose: (trial: TrialPicture) => void;
}

/** The same mark on pictures of all orientations and shapes. */
export function ContactSheet({ model, client, trials, chosen, onChoose }: ContactSheetProps) {
  const { t } = useText();
  const text = useRested(useStore(model.store, ({ draft }) => draft?.text ?? ""));
  return (
    <section className="contact-sheet" aria-label={t("marks.sheet")}>
      <h3>
        {t("marks.sheet")} <span className="quiet">{t("marks.sheet.hint")}</span>
      </h3>
      <ul>
        {trials.map((trial) => (
          <li key={trial.key}>
            <SheetPicture
              trial={trial}
              text={text}
              client={client}
              isChosen={trial.key === chosen.key}
              onChoose={() => onChoose(trial)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function SheetPicture(props: {
  readonly trial: TrialPicture;
  readonly text: string;
  readonly client: OverlayClient;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}) {
  const { trial, text, client, isChosen, onChoose } = props;
  const { t } = useText();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [thumb, setThumb] = useState<Awaited<ReturnType<typeof loadThumb>>>(null);

  useEffect(() => {
    const stop = new AbortController();
    loadThumb(trial, { signal: stop.signal }).then(
      (loaded) => (stop.signal.aborted ? loaded?.bitmap.close() : setThumb(loaded)),
      () => {},
    );
    return () => stop.abort();
  }, [trial]);

  useEffect(() => {
    if (!thumb) return;
    const { size, scale, bitmap } = thumb;
    client.draw(
      text,
      { key: `sheet ${trial.key}`, ...size, scale, variables: trial.variables, isRead: false },
      { urgent: false, tell: ({ tiles }) => tiles && paint(canvas.current, bitmap, tiles) },
    );
  }, [client, thumb, text, trial]);

  const name = trial.name || t("marks.sheet.sample", shapeOf(trial.aspect));
  return (
    <button
      type="button"
      aria-pressed={isChosen}
      aria-label={t("marks.sheet.show", name)}
      title={name}
      onClick={onChoose}
    >
      <canvas ref={canvas} width={1} height={1} />
    </button>
  );
}

function paint(canvas: HTMLCanvasElement | null, bitmap: ImageBitmap, tiles: readonly OpaqueTile[]): void {
  const context = canvas?.getContext("2d", { willReadFrequently: true });
  if (!canvas || !context) return;
  const { width, height } = bitmap;
  canvas.width = width;
  canvas.height = height;
  canvas.style.aspectRatio = `${width} / ${height}`;
  context.drawImage(bitmap, 0, 0);
  const pixels = context.getImageData(0, 0, width, height);
  blendOpaqueTiles(pixels.data, { left: 0, top: 0, width, height }, tiles);
  context.putImageData(pixels, 0, 0);
}

/** The value once it has not changed for a while. */
function useRested<T>(value: T): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), REST_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

/** 3:2, as people say it. */
function shapeOf(aspect: number): string {
  for (let height = 1; height <= 21; height++) {
    const width = aspect * height;
    if (Math.abs(width - Math.round(width)) < 0.005) return `${Math.round(width)}:${height}`;
  }
  return aspect.toFixed(2);
}
