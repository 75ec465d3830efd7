import type { PixelBox } from "../orientation.ts";
import type { InkTile } from "../overlay.ts";
import { type JpegKernel, KERNEL_STATUS, type KernelStatus } from "../wasm/jpeg-kernel.ts";
import { EOI } from "./file-segment.ts";
import { GrowingBytes } from "./growing-bytes.ts";
import { McuInk } from "./mcu-ink.ts";
import { type NotExact, notExact } from "./not-exact.ts";
import type { ScanHeader } from "./scan-header.ts";
import { type ScanIntake, takeScan } from "./scan-intake.ts";
import { ScanSurvey } from "./scan-survey.ts";
import { boxesOfRuns, coversTooMuch, type McuRun, touchedRuns } from "./touched-mcus.ts";
import { changesCodes, newTablesSegment, type ScanTable, widenedTables } from "./widened-tables.ts";

export interface SplicedJpeg {
  readonly exact: true;
  readonly bytes: Uint8Array;
  /** MCUs that the mark covers in part at least. */
  readonly touchedMcus: number;
  /** Their pixels, as stored; all others' coefficients are the source's. See `runsInBoxes`. */
  readonly touchedRegion: readonly PixelBox[];
}

export interface SpliceOptions {
  /**
   * `touched` passes over restart intervals without a touched MCU, but for their markers: damage in them is copied and
   * is for a reader of the result to find.
   * @default "whole"
   */
  readonly checks?: "whole" | "touched";
  /** The result is a part of this, if it fits; see `roomForSplice`. @default memory of its own */
  readonly room?: Uint8Array | undefined;
}

/** Bytes that a spliced file of so many fits into: coding a mark takes some more, codes that move up to some per cent. */
export function roomForSplice(fileBytes: number): number {
  return Math.ceil(fileBytes * 1.05) + 256 * 1024;
}

/** Positions are 32-bit numbers of bits. */
const MOST_SCAN_BYTES = 2 ** 29 - 2 ** 16;

/**
 * Lays a mark over a sequential JPEG without coding it anew: only MCUs that the mark touches are decoded and coded
 * again, with the file's own tables; of the next one the DC differences; all other bits and bytes are copied. The whole
 * scan is walked, so damage anywhere is noticed.
 *
 * Tables made for one picture often lack codes that the mark needs. They are widened in a segment of their own before
 * the scan; where a full table makes that move codes, those few are changed wherever they are. What it has no room for
 * is done without: a run of zeros is cut in two by a coefficient of one step.
 *
 * Where the file has a multi-picture index, the index and the pictures behind the end marker are left out: the index
 * counts bytes that move.
 * @param header From `readScanHeader(source)`.
 * @param tiles On stored pixels, in the picture's own colour space, composited in their order.
 */
export function spliceMark(
  kernel: JpegKernel,
  source: Uint8Array,
  header: ScanHeader,
  tiles: readonly InkTile[],
  { checks = "whole", room }: SpliceOptions = {},
): SplicedJpeg | NotExact {
  if (source.length - header.dataStart > MOST_SCAN_BYTES) return notExact("size");
  const runs = touchedRuns(header, tiles);
  const mcus = header.mcusPerRow * header.mcuRows;
  const touchedMcus = runs.reduce((sum, { count }) => sum + count, 0);
  if (coversTooMuch(header, runs)) return notExact("area");
  const tables = widenedTables(header);
  const perInterval = header.restartInterval || mcus;
  if (!prepare(kernel, header, tables, source.length - header.dataStart)) return notExact("tables");
  const intake = takeScan(kernel, source, header.dataStart, Math.ceil(mcus / perInterval));
  if (!intake.exact) return intake;
  if (intake.marker !== EOI) return notExact("scans");

  const changes = changesCodes(tables);
  // Where all is written anew, pieces that are joined in the end would take the file's size twice.
  const output = new GrowingBytes(
    room ?? (changes ? new Uint8Array(roomForSplice(source.length)) : undefined),
  );
  const index = header.index ?? { start: 2, end: 2 };
  for (const piece of [
    source.subarray(0, index.start),
    source.subarray(index.end, header.scanStart),
    newTablesSegment(tables),
  ])
    output.append(piece);
  const touched = new Set(runs.flatMap(({ first, count }) => intervalsOf(first, count, perInterval)));
  const plan: SplicePlan = {
    tiles,
    changesCodes: changes,
    isWalked: (i) => checks === "whole" || changes || touched.has(i),
  };
  const splicing = new Splicing(kernel, source, header, plan, intake, output);
  let next = 0;
  for (const [i] of intake.intervals.entries()) {
    const first = i * perInterval;
    const end = Math.min(mcus, first + perInterval);
    const own: { first: number; count: number }[] = [];
    for (; next < runs.length && runs[next]!.first < end; next++) {
      const from = Math.max(first, runs[next]!.first);
      const to = runs[next]!.first + runs[next]!.count;
      addRun(own, { first: from - first, count: Math.min(to, end) - from });
      if (to > end) break;
    }
    const status = splicing.interval(i, first, end - first, own);
    if (status !== KERNEL_STATUS.ok)
      return notExact(status === KERNEL_STATUS.noCode ? "missing_code" : "data");
  }
  splicing.finish(header.index ? intake.markerEnd : source.length);
  return { exact: true, bytes: output.finish(), touchedMcus, touchedRegion: boxesOfRuns(header, runs) };
}

interface SplicePlan {
  readonly tiles: readonly InkTile[];
  /** Intervals without a touched MCU are written anew, too. */
  readonly changesCodes: boolean;
  isWalked(interval: number): boolean;
}

function intervalsOf(first: number, count: number, perInterval: number): number[] {
  const from = Math.floor(first / perInterval);
  const to = Math.floor((first + count - 1) / perInterval);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Joins it to a run that it goes on with, in the next row. */
function addRun(runs: { first: number; count: number }[], run: McuRun): void {
  const last = runs.at(-1);
  if (last && last.first + last.count === run.first) last.count += run.count;
  else runs.push({ ...run });
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
  kernel.open(scanBytes, header.mcusPerRow * header.mcuRows, changesCodes(tables));
  for (const [i, { steps }] of header.components.entries()) kernel.setQuantisation(i, steps);
  const isGood = tables.every(({ kind, number, read, written, changedFrom }) =>
    kernel.setHuffmanTable(kind, number, read, written, changedFrom),
  );
  if (isGood) kernel.setBlocks(blocksOf(header));
  return isGood;
}

/** One splice under way: how far the source has been copied, and the mark as changes of samples. */
class Splicing {
  readonly #kernel: JpegKernel;
  readonly #source: Uint8Array;
  readonly #plan: SplicePlan;
  readonly #intake: ScanIntake;
  readonly #output: GrowingBytes;
  readonly #blocks: ReturnType<typeof blocksOf>;
  readonly #samples: Float32Array;
  readonly #ink: McuInk;
  readonly #survey: ScanSurvey;
  /** All of the source before it is in the output. */
  #copied: number;

  constructor(
    kernel: JpegKernel,
    source: Uint8Array,
    header: ScanHeader,
    plan: SplicePlan,
    intake: ScanIntake,
    output: GrowingBytes,
  ) {
    this.#kernel = kernel;
    this.#source = source;
    this.#plan = plan;
    this.#intake = intake;
    this.#output = output;
    this.#blocks = blocksOf(header);
    this.#samples = kernel.samples(this.#blocks.length);
    this.#ink = new McuInk(header, plan.tiles, this.#blocks);
    this.#copied = header.scanStart;
    const mcus = header.mcusPerRow * header.mcuRows;
    const perInterval = header.restartInterval || mcus;
    this.#survey = new ScanSurvey(kernel, intake.intervals, {
      mcusOf: (i) => Math.min(perInterval, mcus - i * perInterval),
      isWanted: plan.isWalked,
      changesCodes: plan.changesCodes,
    });
  }

  /**
   * Walks interval `i`, which has `mcus` MCUs from the scan's `base`th on, and codes `runs`, counted from there, anew.
   * An interval without any stays as it is.
   */
  interval(i: number, base: number, mcus: number, runs: readonly McuRun[]): KernelStatus {
    const kernel = this.#kernel;
    const interval = this.#intake.intervals[i]!;
    if (!this.#plan.isWalked(i)) return KERNEL_STATUS.ok;
    const walked = this.#survey.walk(i);
    if (walked !== KERNEL_STATUS.ok || (runs.length === 0 && !this.#plan.changesCodes)) return walked;
    let at = 0;
    let isWriting = false;
    const write = () => {
      if (isWriting) return;
      isWriting = true;
      this.#copyUntil(this.#intake.rawOffset(interval, kernel.position >>> 3));
      kernel.startOutput();
    };
    const goTo = (mcu: number): KernelStatus => {
      if (mcu === at) return KERNEL_STATUS.ok;
      const from = at;
      at = mcu;
      return this.#survey.goTo(from, mcu);
    };
    if (this.#plan.changesCodes) write();
    for (const run of runs) {
      const status = goTo(run.first);
      if (status !== KERNEL_STATUS.ok) return status;
      write();
      kernel.catchUp(this.#output.appendCopy);
      kernel.startRun();
      // The MCU behind the run is coded again with it: its DC differences count from marked blocks.
      const stop = Math.min(mcus, run.first + run.count + 1);
      for (; at < stop; at++) {
        const coded = this.#recode(base + at, at < run.first + run.count);
        if (coded !== KERNEL_STATUS.ok) return coded;
      }
    }
    const status = goTo(mcus);
    if (status !== KERNEL_STATUS.ok) return status;
    kernel.catchUp(this.#output.appendCopy);
    kernel.finishOutput(this.#output.appendCopy);
    this.#copied = interval.rawEnd;
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
    if (isMarked) this.#mark(mcu);
    return this.#kernel.encodeMcu(this.#output.appendCopy);
  }

  #mark(mcu: number): void {
    for (const [i, { component }] of this.#blocks.entries()) this.#kernel.toSamples(i, component);
    for (const i of this.#ink.change(mcu, this.#samples))
      this.#kernel.addChanges(i, this.#blocks[i]!.component);
  }
}
