import type { ProofKernel } from "../wasm/proof-kernel.ts";
import type { CanonicalRow, JpegCoefficients, WalkedScan } from "./jpeg-coefficients.ts";

/** A block in canonical form takes 192 bytes at most, and an MCU has at most 10. */
const SCRATCH_BYTES = 2048;
/** Places in a scan are 32-bit numbers of bits. */
const MOST_SCAN_BYTES = 2 ** 28;

/**
 * The rows of MCUs of two JPEGs that say the same outside the mark, read as one: the first is read, of the other the bits
 * are compared with it (assembly/proof-pair.ts). It proves no less: what is not the same bit by bit is read in both, and
 * at the first row that is not the same, or cannot be read so, this has nothing more to say.
 */
export class PairedRows {
  readonly #kernel: ProofKernel;
  readonly #pair: readonly [JpegCoefficients, JpegCoefficients];
  /** Addresses of the files' ending markers, as they are written when the scans are taken in. */
  readonly #ends: readonly [number, number];
  readonly #out: number;
  readonly #plan: number;
  readonly #scratch: number;
  #row = 0;

  private constructor(
    kernel: ProofKernel,
    pair: readonly [JpegCoefficients, JpegCoefficients],
    places: { readonly ends: readonly [number, number]; readonly plan: number; readonly scratch: number },
  ) {
    this.#kernel = kernel;
    this.#pair = pair;
    this.#out = pair[0].roomForRow;
    this.#ends = places.ends;
    this.#plan = places.plan;
    this.#scratch = places.scratch;
  }

  /** Streams 0 and 1, whose frames are the same. `null`: they must be read one by one. */
  static of(kernel: ProofKernel, a: JpegCoefficients, b: JpegCoefficients): PairedRows | null {
    const [one, two] = [a.walked, b.walked];
    if (!one || !two || !areAlike(one, two)) return null;
    const intervals = one.interval === 0 ? 1 : Math.ceil((a.frame.columns * a.frame.rows) / one.interval);
    const cleanOf = ({ from, stop }: WalkedScan) => {
      const starts = kernel.allocate(4 * (intervals + 2));
      const clean = kernel.allocate(stop - from + 64);
      return starts === null || clean === null ? null : { from, stop, starts, top: clean + stop - from + 64 };
    };
    const [own, other] = [cleanOf(one), cleanOf(two)];
    const plan = makePlan(kernel, one, two);
    const scratch = kernel.allocate(SCRATCH_BYTES);
    if (!own || !other || plan === null || scratch === null) return null;
    if (!kernel.beginPair(own, other, intervals)) return null;
    const endOf = (starts: number) => kernel.uint32(starts + 4 * (intervals + 1));
    return new PairedRows(kernel, [a, b], { ends: [endOf(own.starts), endOf(other.starts)], plan, scratch });
  }

  /**
   * The next row. `null`: it is not the same in both outside `skipped`.
   * @param skipped Address of a byte for each MCU that is to be left out.
   */
  next(skipped: number): Omit<CanonicalRow, "ends"> | null {
    const row = this.#row++;
    const isLast = this.#row === this.#pair[0].frame.rows;
    const places = { skipped, plan: this.#plan, scratch: this.#scratch, out: this.#out };
    const length = this.#kernel.readRowOfBoth(row, isLast, places);
    return length === null ? null : { out: this.#out, length };
  }

  /** To be called behind the last row. False: one of them does not end there. @throws UnreadableCoefficients */
  finish(): boolean {
    if (!this.#kernel.endsPair()) return false;
    for (const [i, file] of this.#pair.entries()) file.finishAt(this.#ends[i]!);
    return true;
  }
}

function areAlike(one: WalkedScan, two: WalkedScan): boolean {
  const [own, other] = [one, two].map(({ scan }) => scan.components.map(({ index }) => index).join());
  return (
    own === other &&
    one.interval === two.interval &&
    Math.max(one.stop - one.from, two.stop - two.from) < MOST_SCAN_BYTES
  );
}

/** Tables of what the files' Huffman tables have in common, and for each block of an MCU which it takes. */
function makePlan(kernel: ProofKernel, one: WalkedScan, two: WalkedScan): number | null {
  const tables = new Map<string, number>();
  const places = one.blocks.flatMap((block, i) => {
    const twin = two.blocks[i]!;
    return (["dc", "ac"] as const).map((kind) => {
      const [own, other] = kind === "dc" ? [block.dcTable, twin.dcTable] : [block.acTable, twin.acTable];
      const name = `${kind} ${own} ${other}`;
      if (!tables.has(name)) tables.set(name, kernel.makePairTable(i, kind) ?? 0);
      return tables.get(name)!;
    });
  });
  const plan = kernel.allocate(4 * places.length);
  if (plan === null || places.includes(0)) return null;
  kernel.view(plan, 4 * places.length).set(new Uint8Array(Uint32Array.from(places).buffer));
  return plan;
}
