import type { InkTile } from "../overlay.ts";
import type { CoefficientKernel } from "../wasm/coefficient-kernel.ts";
import type { FrameHead } from "./frame-head.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { McuInk } from "./mcu-ink.ts";
import { type NotExact, notExact } from "./not-exact.ts";
import { type ReadJpeg, readCoefficients } from "./read-coefficients.ts";
import type { SplicedJpeg } from "./splice-mark.ts";
import { boxesOfRuns, coversTooMuch, type McuRun, touchedRuns } from "./touched-mcus.ts";
import { writeScan } from "./write-scan.ts";

/**
 * Lays a mark over a JPEG that cannot be spliced: all coefficients are read, those of MCUs that the mark touches are
 * changed as the splice changes them, and all are written again, in the file's own scans, with Huffman tables made for
 * each scan; arithmetic-coded ones, too, which few programs read. Segments that say nothing of entropy coding are copied byte for byte, from between scans, too.
 * @param isExpected False: the frame is not what the tiles were made for.
 */
export function markCoefficients(
  kernel: CoefficientKernel,
  source: Uint8Array,
  tiles: readonly InkTile[],
  isExpected: (frame: FrameHead) => boolean = () => true,
): SplicedJpeg | NotExact {
  const read = readCoefficients(kernel, source);
  if (!read.exact) return read;
  const { frame } = read;
  if (!isExpected(frame)) return notExact("structure");
  const runs = touchedRuns(frame, tiles);
  if (coversTooMuch(frame, runs)) return notExact("area");
  mark(kernel, frame, tiles, runs);
  const bytes = write(kernel, source, read);
  if (!bytes) return notExact("missing_code");
  const touchedMcus = runs.reduce((sum, { count }) => sum + count, 0);
  return { exact: true, bytes, touchedMcus, touchedRegion: boxesOfRuns(frame, runs) };
}

function mark(
  kernel: CoefficientKernel,
  frame: FrameHead,
  tiles: readonly InkTile[],
  runs: readonly McuRun[],
): void {
  const blocks = frame.components.flatMap(({ horizontal, vertical }, component) =>
    Array.from({ length: horizontal * vertical }, (_, i) => ({
      component,
      horizontal,
      vertical,
      x: i % horizontal,
      y: Math.floor(i / horizontal),
    })),
  );
  const ink = new McuInk(frame, tiles, blocks);
  const samples = kernel.samples(blocks.length);
  for (const { first, count } of runs)
    for (let mcu = first; mcu < first + count; mcu++) {
      const column = mcu % frame.mcusPerRow;
      const row = Math.floor(mcu / frame.mcusPerRow);
      const places = blocks.map(({ component, horizontal, vertical, x, y }) => {
        return [component, column * horizontal + x, row * vertical + y] as const;
      });
      for (const [i, place] of places.entries()) kernel.toSamples(i, ...place);
      for (const i of ink.change(mcu, samples)) kernel.addChanges(i, ...places[i]!);
    }
}

/** Bytes of the source, and what comes instead of them. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/** SOF1 and SOF2: what arithmetic coding's SOF9 and SOF10 are with Huffman's. */
const EXTENDED = 0xc1;
const PROGRESSIVE = 0xc2;

/** `null`: a value is larger than any that 8-bit samples can need. */
function write(kernel: CoefficientKernel, source: Uint8Array, read: ReadJpeg): Uint8Array | null {
  const { scans, tables, index, fileEnd } = read;
  const nothing = new Uint8Array(0);
  const edits: Edit[] = [...tables, ...(index ? [index] : [])].map(({ start, end }) => {
    return { start, end, bytes: nothing };
  });
  if (read.isArithmetic) {
    const marker = read.isProgressive ? PROGRESSIVE : EXTENDED;
    edits.push({ start: read.frameMarker, end: read.frameMarker + 1, bytes: Uint8Array.of(marker) });
  }
  for (const scan of scans) {
    const written = writeScan(kernel, scan, scan.restartInterval);
    if (!written) return null;
    edits.push({ start: scan.start, end: scan.start, bytes: written.tables });
    edits.push({ start: scan.dataStart, end: scan.dataEnd, bytes: written.bytes });
  }
  const output = new GrowingBytes();
  let copied = 0;
  for (const { start, end, bytes } of edits.sort((a, b) => a.start - b.start || a.end - b.end)) {
    output.append(source.subarray(copied, start));
    output.append(bytes);
    copied = end;
  }
  // A multi-picture index counts bytes that have moved: it is left out with the pictures that it lists.
  output.append(source.subarray(copied, index ? fileEnd : source.length));
  return output.finish();
}
