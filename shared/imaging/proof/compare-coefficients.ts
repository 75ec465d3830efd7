import type { ProofDigest } from "#contracts/proof-record.ts";
import type { PixelBox } from "../orientation.ts";
import type { ProofKernel } from "../wasm/proof-kernel.ts";
import { BlockDigest, type Sha256 } from "./block-digest.ts";
import { JpegCoefficients } from "./jpeg-coefficients.ts";
import type { Frame } from "./jpeg-frame.ts";
import { UnreadableCoefficients } from "./jpeg-markers.ts";
import { PairedRows } from "./paired-rows.ts";
import { boxesOfCells, cellBoxes, touchedCells } from "./region.ts";

export interface CoefficientsCompared {
  readonly frame: Frame;
  /** Size, sampling, quantisation and colour coding are the same. All below is only meant where they are. */
  readonly sameHead: boolean;
  /** MCUs outside the touched region, and in it. */
  readonly compared: number;
  readonly leftOut: number;
  /** MCUs outside that are not the same, and boxes around them. */
  readonly differing: number;
  readonly where: readonly PixelBox[];
  /** Of the original outside the touched region. */
  readonly digest: ProofDigest | null;
}

/**
 * Compares all quantised coefficients of two JPEGs outside the MCUs that `touched` (stored pixels) touches.
 * @throws UnreadableCoefficients
 */
export async function compareCoefficients(
  kernel: ProofKernel,
  pair: { readonly original: Uint8Array; readonly marked: Uint8Array },
  touched: readonly PixelBox[],
  sha256: Sha256,
): Promise<CoefficientsCompared> {
  kernel.reset();
  const a = new JpegCoefficients(kernel, 0, pair.original);
  const b = new JpegCoefficients(kernel, 1, pair.marked);
  const { frame } = a;
  const head = a.head();
  const { columns, rows } = frame;
  const none = { frame, compared: 0, leftOut: 0, differing: 0, where: [], digest: null };
  if (!isSame(head, b.head())) return { ...none, sameHead: false };

  const skipped = touchedCells(touched, { columns, rows, width: frame.mcuWidth, height: frame.mcuHeight });
  const differs = new Uint8Array(columns * rows);
  const place = kernel.allocate(2 * columns + 16);
  if (place === null) return { ...none, sameHead: false };
  const leave = (row: number) =>
    kernel.view(place, columns).set(skipped.subarray(row * columns, (row + 1) * columns));
  const leftOut = skipped.reduce((sum, each) => sum + each, 0);
  const counts = { frame, sameHead: true, compared: columns * rows - leftOut, leftOut };
  const same = await digestBoth(kernel, a, b, { head, place, leave }, sha256);
  if (same) return { ...counts, differing: 0, where: [], digest: same };

  a.rewind();
  b.rewind();
  const digest = new BlockDigest(sha256);
  digest.append(head);
  let differing = 0;
  for (let row = 0; row < rows; row++) {
    leave(row);
    const own = a.nextRow(place);
    const count = kernel.compareRows(own, b.nextRow(place), columns, place + columns);
    if (count > 0) differs.set(kernel.view(place + columns, columns), row * columns);
    differing += count;
    // Once a difference has been found, nobody asks for the digest.
    if (differing === 0) digest.append(kernel.view(own.out, own.length));
  }
  a.finish();
  b.finish();
  return {
    ...counts,
    differing,
    where:
      differing === 0
        ? []
        : boxesOfCells(
            cellBoxes(differs, columns),
            { width: frame.mcuWidth, height: frame.mcuHeight },
            frame,
          ),
    digest: differing === 0 ? await digest.finish() : null,
  };
}

/** The digest of both; `null` where they are not the same all over, which the slower way says more of. */
async function digestBoth(
  kernel: ProofKernel,
  a: JpegCoefficients,
  b: JpegCoefficients,
  outside: {
    readonly head: Uint8Array;
    /** Address of a byte for each MCU of a row that is to be left out; `leave` writes them. */
    readonly place: number;
    readonly leave: (row: number) => void;
  },
  sha256: Sha256,
): Promise<ProofDigest | null> {
  const digest = new BlockDigest(sha256);
  digest.append(outside.head);
  const pair = PairedRows.of(kernel, a, b);
  if (!pair) return null;
  for (let row = 0; row < a.frame.rows; row++) {
    outside.leave(row);
    const both = pair.next(outside.place);
    if (!both) return null;
    digest.append(kernel.view(both.out, both.length));
  }
  return pair.finish() ? await digest.finish() : null;
}

/** True for a JPEG that breaks the standard, as far as its coding is one that can be read. */
export function isDamaged(kernel: ProofKernel, jpeg: Uint8Array): boolean {
  try {
    kernel.reset();
    const picture = new JpegCoefficients(kernel, 0, jpeg);
    for (let row = 0; row < picture.frame.rows; row++) picture.nextRow(0);
    picture.finish();
    return false;
  } catch (error) {
    if (!(error instanceof UnreadableCoefficients)) throw error;
    return error.reason === "damaged";
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
