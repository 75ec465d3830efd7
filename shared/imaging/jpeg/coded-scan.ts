import { type KernelScan, SCAN_KIND, type ScanKind } from "../wasm/coefficient-kernel.ts";
import type { FrameHead } from "./frame-head.ts";

/** A component with its blocks. */
export interface PlaneLayout {
  /** Blocks that hold samples of the picture: those that a scan of this component alone has. */
  readonly blocksPerRow: number;
  readonly blockRows: number;
  /** With those that fill up the last MCUs. */
  readonly padded: { readonly blocksPerRow: number; readonly blockRows: number };
}

/** The components' blocks, in the frame's order (T.81, A.1.1 and A.2). Pure. */
export function planesOf(frame: FrameHead): PlaneLayout[] {
  const { width, height, maxHorizontal, maxVertical, mcusPerRow, mcuRows } = frame;
  return frame.components.map(({ horizontal, vertical }) => ({
    blocksPerRow: Math.ceil(Math.ceil((width * horizontal) / maxHorizontal) / 8),
    blockRows: Math.ceil(Math.ceil((height * vertical) / maxVertical) / 8),
    padded: { blocksPerRow: mcusPerRow * horizontal, blockRows: mcuRows * vertical },
  }));
}

/** Bits of each coefficient of each component that the scans so far have told: the lowest one's place; -1: none. */
export type Progress = readonly Int8Array[];

/** At the start, nothing is known. */
export function noProgress({ components }: FrameHead): Progress {
  return components.map(() => new Int8Array(64).fill(-1));
}

/** True when everything is known. */
export function isComplete(progress: Progress): boolean {
  return progress.every((each) => each.every((low) => low === 0));
}

/**
 * A scan's header (T.81, B.2.3), strictly, as it may follow on those before it (G.1.1.1). `null`: it may not.
 * @param progress Is brought up to date.
 */
export function readCodedScan(
  payload: Uint8Array,
  frame: FrameHead,
  isProgressive: boolean,
  progress: Progress,
): KernelScan | null {
  const count = payload[0] ?? 0;
  if (count < 1 || count > frame.components.length || payload.length !== 4 + 2 * count) return null;
  const [first, last, approximation] = payload.subarray(1 + 2 * count) as unknown as [number, number, number];
  const [high, low] = [approximation >> 4, approximation & 15];
  const kind = kindOf(isProgressive, first, last, high, low, count);
  if (kind === null) return null;
  const components = Array.from({ length: count }, (_, i) => {
    const [id, tables] = [payload[1 + 2 * i]!, payload[2 + 2 * i]!];
    const index = frame.components.findIndex((each) => each.id === id);
    const { horizontal, vertical } = count > 1 && index >= 0 ? frame.components[index]! : ONE;
    return { index, horizontal, vertical, dcTable: tables >> 4, acTable: tables & 15 };
  });
  for (const [i, { index, dcTable, acTable }] of components.entries()) {
    if (index <= (components[i - 1]?.index ?? -1) || dcTable > 3 || acTable > 3) return null;
    if (!advances(progress[index]!, first, last, high, low)) return null;
  }
  const plane = planesOf(frame)[components[0]!.index]!;
  const [columns, rows] =
    count > 1 ? [frame.mcusPerRow, frame.mcuRows] : [plane.blocksPerRow, plane.blockRows];
  return { kind, first, last, low, columns, rows, components };
}

const ONE = { horizontal: 1, vertical: 1 };
/** Coefficients have 16 bits with their sign. */
const HIGHEST_BIT = 13;

function kindOf(
  isProgressive: boolean,
  first: number,
  last: number,
  high: number,
  low: number,
  components: number,
): ScanKind | null {
  if (!isProgressive)
    return first === 0 && last === 63 && high === 0 && low === 0 ? SCAN_KIND.sequential : null;
  if (low > HIGHEST_BIT || (high !== 0 && high !== low + 1)) return null;
  if (first === 0) return last !== 0 ? null : high === 0 ? SCAN_KIND.dcFirst : SCAN_KIND.dcRefine;
  if (first > last || last > 63 || components > 1) return null;
  return high === 0 ? SCAN_KIND.acFirst : SCAN_KIND.acRefine;
}

function advances(known: Int8Array, first: number, last: number, high: number, low: number): boolean {
  if (first > 0 && known[0] === -1) return false;
  for (let k = first; k <= last; k++) {
    if (known[k] !== (high === 0 ? -1 : high)) return false;
    known[k] = low;
  }
  return true;
}
