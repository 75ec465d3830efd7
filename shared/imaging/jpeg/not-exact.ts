/** Why a picture cannot be marked by splicing; a decoder must judge it, and mark it if it can. */
export type NotExactReason =
  | "progressive"
  /** Arithmetic coding instead of Huffman's. */
  | "arithmetic"
  /** Lossless or hierarchical. */
  | "process"
  /** Not 8 bits a sample, or not 1, 3 or 4 components. */
  | "samples"
  /** More than one scan, or one that is not all components', all coefficients'. */
  | "scans"
  /** The height is 0 and comes behind the scan (DNL). */
  | "height"
  /** Sampling factors that do not divide each other, or more than ten blocks to the MCU. */
  | "sampling"
  /** Colours that are coded in no way that we know. */
  | "color"
  /** Tables are missing, damaged, or not what 8 bits need. */
  | "tables"
  /** The structure is not as the standard wants it: it may be damaged, it may be an old program's habit. */
  | "structure"
  /** The entropy-coded data are damaged, end early or go on too long. */
  | "data"
  /** The file's Huffman tables have no code for a coefficient of the marked blocks. */
  | "missing_code"
  /** The mark covers so much of a large picture that decoding all of it is quicker. */
  | "area"
  /** The mark shows nothing on this picture. */
  | "nothing"
  /** The scan is longer than positions can count: half a gigabyte. */
  | "size"
  /** All coefficients together take more memory than one picture gets. */
  | "memory";

export interface NotExact {
  readonly exact: false;
  readonly reason: NotExactReason;
}

export function notExact(reason: NotExactReason): NotExact {
  return { exact: false, reason };
}
