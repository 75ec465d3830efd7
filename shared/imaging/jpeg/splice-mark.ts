import type { CoverageMask } from "../orientation.ts";
import { type JpegKernel, KERNEL_STATUS, type KernelStatus } from "../wasm/jpeg-kernel.ts";
import { blockCoverage, type McuRun, touchedRuns } from "./block-coverage.ts";
import { componentSamples } from "./color-coding.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { type NotExact, notExact } from "./not-exact.ts";
import type { ScanHeader } from "./scan-header.ts";
import { type ScanIntake, type ScanInterval, takeScan } from "./scan-intake.ts";
import { newTablesSegment, rewrites, type ScanTable, widenedTables } from "./widened-tables.ts";

/** A mark on stored pixels, in the picture's own colour space (255 is all of an ink). */
export interface JpegOverlay {
  readonly mask: CoverageMask;
  readonly color: readonly number[];
  /** 0 to 1. */
  readonly opacity: number;
}

export interface SplicedJpeg {
  readonly exact: true;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** MCUs that the mark covers in part at least. */
  readonly touchedMcus: number;
}

/** Positions are 32-bit numbers of bits. */
const MOST_SCAN_BYTES = 2 ** 29 - 2 ** 16;
/** A touched MCU takes about as long as four do where the whole picture is decoded and coded again. */
const MOST_TOUCHED = 0.25;
/** Below this, time does not matter, and exactness does. */
const FEW_MCUS = 4096;
/** What a marked MCU may take more than before, for the first guess of the result's size. */
const GROWTH_OF_MCU = 128;

/**
 * Lays a mark over a sequential JPEG without coding it anew: only MCUs that the mark touches are decoded and coded
 * again, with the file's own tables; of the next one the DC differences; all other bits and bytes are copied. The whole
 * scan is walked, so damage anywhere is noticed.
 *
 * Tables made for one picture often lack codes that the mark needs. They are widened in a segment of their own before
 * the scan; where that moves other codes, the scan's symbols are written anew, coefficients staying as they are.
 *
 * Where the file has a multi-picture index, the index and the pictures behind the end marker are left out: the index
 * counts bytes that move.
 * @param header From `readScanHeader(source)`.
 */
export function spliceMark(
  kernel: JpegKernel,
  source: Uint8Array,
  header: ScanHeader,
  overlay: JpegOverlay,
): SplicedJpeg | NotExact {
  const scanBytes = source.length - header.dataStart;
  if (scanBytes > MOST_SCAN_BYTES) return notExact("size");
  const runs = touchedRuns(header, overlay.mask);
  const mcus = header.mcusPerRow * header.mcuRows;
  const touchedMcus = runs.reduce((sum, { count }) => sum + count, 0);
  if (touchedMcus > Math.max(FEW_MCUS, mcus * MOST_TOUCHED)) return notExact("area");
  const perInterval = header.restartInterval || mcus;
  const tables = widenedTables(header);
  if (!prepare(kernel, header, tables, scanBytes)) return notExact("tables");
  const intake = takeScan(kernel, source, header.dataStart, Math.ceil(mcus / perInterval));
  if (!intake.exact) return intake;

  const output = new GrowingBytes(source.length + touchedMcus * GROWTH_OF_MCU + 4096);
  const index = header.index ?? { start: 2, end: 2 };
  for (const piece of [
    source.subarray(0, index.start),
    source.subarray(index.end, header.scanStart),
    newTablesSegment(tables),
  ])
    output.append(piece);
  const splicing = new Splicing(kernel, source, header, overlay, intake, output, rewrites(tables));
  let next = 0;
  for (const [i, interval] of intake.intervals.entries()) {
    const first = i * perInterval;
    const end = Math.min(mcus, first + perInterval);
    const own: McuRun[] = [];
    for (; next < runs.length && runs[next]!.first < end; next++) {
      const { first: from, count } = runs[next]!;
      own.push({ first: from, count: Math.min(count, end - from) });
      if (from + count <= end) continue;
      runs[next] = { first: end, count: from + count - end };
      break;
    }
    const status = splicing.interval(interval, first, end, own);
    if (status !== KERNEL_STATUS.ok)
      return notExact(status === KERNEL_STATUS.noCode ? "missing_code" : "data");
  }
  splicing.finish(header.index ? intake.fileEnd : source.length);
  return { exact: true, bytes: output.finish(), touchedMcus };
}

/** Blocks of an MCU in coding order (T.81, A.2.3), with their places in it. */
function blocksOf({ components }: ScanHeader) {
  return components.flatMap((component, number) =>
    Array.from({ length: component.horizontal * component.vertical }, (_, i) => ({
      component: number,
      dcTable: component.dcTable,
      acTable: component.acTable,
      x: i % component.horizontal,
      y: Math.floor(i / component.horizontal),
    })),
  );
}

function prepare(
  kernel: JpegKernel,
  header: ScanHeader,
  tables: readonly ScanTable[],
  scanBytes: number,
): boolean {
  kernel.open(scanBytes, blocksOf(header), rewrites(tables));
  for (const [i, { steps }] of header.components.entries()) kernel.setQuantisation(i, steps);
  return tables.every(({ kind, number, read, written, changedFrom }) =>
    kernel.setHuffmanTable(kind, number, read, written, changedFrom),
  );
}

/** One splice under way: how far the source has been copied, and the mark in the components' samples. */
class Splicing {
  readonly #kernel: JpegKernel;
  readonly #source: Uint8Array;
  readonly #header: ScanHeader;
  readonly #overlay: JpegOverlay;
  readonly #intake: ScanIntake;
  readonly #output: GrowingBytes;
  readonly #blocks: ReturnType<typeof blocksOf>;
  readonly #samples: readonly number[];
  readonly #alpha = new Float32Array(64);
  readonly #rewrites: boolean;
  /** All of the source before it is in the output. */
  #copied: number;

  constructor(
    kernel: JpegKernel,
    source: Uint8Array,
    header: ScanHeader,
    overlay: JpegOverlay,
    intake: ScanIntake,
    output: GrowingBytes,
    rewrites: boolean,
  ) {
    this.#kernel = kernel;
    this.#source = source;
    this.#header = header;
    this.#overlay = overlay;
    this.#intake = intake;
    this.#output = output;
    this.#blocks = blocksOf(header);
    this.#samples = componentSamples(overlay.color, header.colorCoding);
    this.#copied = header.scanStart;
    this.#rewrites = rewrites;
  }

  /** Walks the MCUs [first, end) of an interval and codes `runs` anew. An interval without any stays as it is. */
  interval(interval: ScanInterval, first: number, end: number, runs: readonly McuRun[]): KernelStatus {
    const kernel = this.#kernel;
    kernel.startInterval(interval.cleanStart, interval.cleanEnd);
    let at = first;
    let isWriting = false;
    const write = () => {
      if (isWriting) return;
      isWriting = true;
      this.#copyUntil(this.#intake.rawOffset(interval, kernel.position >>> 3));
      kernel.startOutput();
    };
    if (this.#rewrites) write();
    for (const run of runs) {
      if (run.first > at) {
        const status = kernel.skip(run.first - at, this.#output.append);
        if (status !== KERNEL_STATUS.ok) return status;
        at = run.first;
      }
      write();
      kernel.catchUp(this.#output.append);
      kernel.startRun();
      // The MCU behind the run is coded again with it: its DC differences count from marked blocks.
      const stop = Math.min(end, run.first + run.count + 1);
      for (; at < stop; at++) {
        const status = this.#recode(at, at < run.first + run.count);
        if (status !== KERNEL_STATUS.ok) return status;
      }
    }
    if (at < end) {
      const status = kernel.skip(end - at, this.#output.append);
      if (status !== KERNEL_STATUS.ok) return status;
    }
    // Up to seven bits fill the last byte; more are data of nobody's.
    if (interval.cleanEnd * 8 - kernel.position > 7) return KERNEL_STATUS.dataEnd;
    if (isWriting) {
      kernel.catchUp(this.#output.append);
      kernel.finishOutput(this.#output.append);
      this.#copied = interval.rawEnd;
    }
    return KERNEL_STATUS.ok;
  }

  /** Copies what is left of the source up to `end`. */
  finish(end: number): void {
    this.#copyUntil(end);
  }

  #copyUntil(end: number): void {
    this.#output.append(this.#source.subarray(this.#copied, end));
    this.#copied = end;
  }

  #recode(mcu: number, isMarked: boolean): KernelStatus {
    const status = this.#kernel.decodeMcu();
    if (status !== KERNEL_STATUS.ok) return status;
    if (isMarked) this.#blend(mcu % this.#header.mcusPerRow, Math.floor(mcu / this.#header.mcusPerRow));
    return this.#kernel.encodeMcu(this.#output.append);
  }

  #blend(column: number, row: number): void {
    const { mask, opacity } = this.#overlay;
    for (const [i, block] of this.#blocks.entries()) {
      const component = this.#header.components[block.component]!;
      const place = { x: column * component.horizontal + block.x, y: row * component.vertical + block.y };
      if (blockCoverage(this.#header, component, place, mask, opacity, this.#alpha))
        this.#kernel.blend(i, block.component, this.#alpha, this.#samples[block.component]!);
    }
  }
}
