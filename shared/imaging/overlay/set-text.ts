import type { FontLibrary } from "./font-library.ts";
import type { SvgRasteriser } from "./resvg-rasteriser.ts";
import { runElement, svgDocument } from "./svg-text.ts";
import { type TextRun, textRuns } from "./text-runs.ts";

/** A box in ems; `top` is negative above the first baseline. */
export interface TextInk {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface PlacedRun extends TextRun {
  readonly weight: number;
  /** Start of its baseline, in ems. */
  readonly x: number;
  readonly y: number;
}

/** A text whose runs have their places at 1 pixel to the em. */
export interface SetText {
  readonly runs: readonly PlacedRun[];
  /** What is drawn of it. */
  readonly ink: TextInk;
  /** The fonts' files. */
  readonly fonts: readonly Uint8Array[];
}

/** Pixels to the em at which text is measured. */
const MEASURE_EM = 200;
/** Baseline to baseline, in ems. */
const LINE_HEIGHT = 1.2;

/**
 * Sets a text of one or several lines.
 * @param align Of lines of different length: 0 left, 0.5 in the middle, 1 right.
 * @returns `null`: there is nothing to draw.
 * @throws AppError `picture.glyph_missing`.
 */
export function setText(
  text: { readonly value: string; readonly font: string; readonly weight: number; readonly align: number },
  library: FontLibrary,
  rasteriser: SvgRasteriser,
): SetText | null {
  const fonts = new Set<Uint8Array>();
  const lines = text.value.split("\n").map((line) => {
    const runs = textRuns(line, text.font, library.families).map((run) => {
      const { weight, bytes } = library.nearest(run.family, text.weight)!;
      fonts.add(bytes);
      return { ...run, weight, bytes };
    });
    return setLine(runs, rasteriser);
  });
  const widest = Math.max(...lines.map(({ right, left }) => right - left));
  if (!(widest > 0)) return null;
  const placed: PlacedRun[] = [];
  let [top, bottom] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [i, line] of lines.entries()) {
    if (!(line.right > line.left)) continue;
    const y = i * LINE_HEIGHT;
    const shift = text.align * (widest - (line.right - line.left)) - line.left;
    placed.push(...line.runs.map((run) => ({ ...run, x: run.x + shift, y })));
    top = Math.min(top, y + line.top);
    bottom = Math.max(bottom, y + line.bottom);
  }
  return { runs: placed, ink: { left: 0, top, width: widest, height: bottom - top }, fonts: [...fonts] };
}

type FontRun = TextRun & { readonly weight: number; readonly bytes: Uint8Array };

/** Runs one behind the other on one baseline, and the box of their ink. */
function setLine(runs: readonly FontRun[], rasteriser: SvgRasteriser) {
  const line = {
    runs: [] as Omit<PlacedRun, "y">[],
    left: Number.POSITIVE_INFINITY,
    top: Number.POSITIVE_INFINITY,
    right: Number.NEGATIVE_INFINITY,
    bottom: Number.NEGATIVE_INFINITY,
  };
  let x = 0;
  for (const { bytes, ...run } of runs) {
    const boxOf = (text: string, anchor: "start" | "end") =>
      rasteriser.measure(
        svgDocument(1, 1, runElement({ ...run, text }, `font-size="${MEASURE_EM}" text-anchor="${anchor}"`)),
        [bytes],
      );
    line.runs.push({ ...run, x });
    const box = boxOf(run.text, "start");
    if (!box) {
      x += blankAdvance(boxOf);
      continue;
    }
    line.left = Math.min(line.left, x + box.x / MEASURE_EM);
    line.top = Math.min(line.top, box.y / MEASURE_EM);
    line.right = Math.max(line.right, x + (box.x + box.width) / MEASURE_EM);
    line.bottom = Math.max(line.bottom, (box.y + box.height) / MEASURE_EM);
    // Anchored at its end, a text stands further left by just its advance.
    x += (box.x - boxOf(run.text, "end")!.x) / MEASURE_EM;
  }
  return line;
}

/** Of a run that draws nothing: one space, measured between two characters that every font has. */
function blankAdvance(
  boxOf: (text: string, anchor: "start") => { readonly width: number } | undefined,
): number {
  return ((boxOf("0 0", "start")?.width ?? 0) - (boxOf("00", "start")?.width ?? 0)) / MEASURE_EM;
}
