import { type Marker, UnreadableCoefficients } from "./jpeg-markers.ts";

export interface FrameComponent {
  readonly id: number;
  /** Sampling factors; 1 × 1 when it is the only component (ITU-T T.81, A.2.2). */
  readonly horizontal: number;
  readonly vertical: number;
  /** Number of its quantisation table. */
  readonly table: number;
  /** Blocks that hold samples of the picture. */
  readonly blocksPerRow: number;
  readonly blockRows: number;
}

/** How a JPEG's samples are laid out. Sizes in pixels unless said. */
export interface Frame {
  readonly progressive: boolean;
  readonly arithmetic: boolean;
  readonly width: number;
  readonly height: number;
  readonly components: readonly FrameComponent[];
  readonly mcuWidth: number;
  readonly mcuHeight: number;
  /** MCUs. */
  readonly columns: number;
  readonly rows: number;
}

const SOF_SEQUENTIAL = [0xc0, 0xc1];
const SOF_PROGRESSIVE = 0xc2;
const SOF_ARITHMETIC = [0xc9, 0xca];
const MOST_BLOCKS = 10;

/** SOF's parameters (ITU-T T.81, B.2.2). @throws UnreadableCoefficients */
export function readFrame({ code, payload }: Marker): Frame {
  const arithmetic = SOF_ARITHMETIC.includes(code);
  const progressive = code === SOF_PROGRESSIVE || code === SOF_ARITHMETIC[1];
  if (!progressive && !arithmetic && !SOF_SEQUENTIAL.includes(code))
    throw new UnreadableCoefficients("coding", `coding process ${code - 0xc0}`);
  if (payload.length < 6) throw new UnreadableCoefficients("damaged", "a short frame header");
  const [precision, count] = [payload[0]!, payload[5]!];
  const height = (payload[1]! << 8) | payload[2]!;
  const width = (payload[3]! << 8) | payload[4]!;
  if (precision !== 8) throw new UnreadableCoefficients("coding", `${precision} bits a sample`);
  if (width === 0 || height === 0) throw new UnreadableCoefficients("coding", "no size in the frame header");
  if (payload.length !== 6 + 3 * count || count < 1 || count > 4)
    throw new UnreadableCoefficients("damaged", `${count} components`);
  const declared = Array.from({ length: count }, (_, i) => {
    const [id, sampling, table] = payload.subarray(6 + 3 * i, 9 + 3 * i);
    const [horizontal, vertical] = count === 1 ? [1, 1] : [sampling! >> 4, sampling! & 15];
    return { id: id!, horizontal: horizontal!, vertical: vertical!, table: table! };
  });
  const blocks = declared.reduce((sum, { horizontal, vertical }) => sum + horizontal * vertical, 0);
  const isWhole = declared.every(
    ({ horizontal, vertical }) => horizontal >= 1 && horizontal <= 4 && vertical >= 1 && vertical <= 4,
  );
  const ids = new Set(declared.map(({ id }) => id));
  if (!isWhole || ids.size !== count) throw new UnreadableCoefficients("damaged", "sampling or names");
  if (blocks > MOST_BLOCKS) throw new UnreadableCoefficients("coding", `${blocks} blocks in an MCU`);
  const across = Math.max(...declared.map(({ horizontal }) => horizontal));
  const down = Math.max(...declared.map(({ vertical }) => vertical));
  return {
    progressive,
    arithmetic,
    width,
    height,
    components: declared.map((each) => ({
      ...each,
      blocksPerRow: Math.ceil(Math.ceil((width * each.horizontal) / across) / 8),
      blockRows: Math.ceil(Math.ceil((height * each.vertical) / down) / 8),
    })),
    mcuWidth: 8 * across,
    mcuHeight: 8 * down,
    columns: Math.ceil(width / (8 * across)),
    rows: Math.ceil(height / (8 * down)),
  };
}

/** SOS's parameters (B.2.3): components by their place in the frame, tables, band, bit positions. */
export interface Scan {
  readonly components: readonly {
    readonly index: number;
    readonly dcTable: number;
    readonly acTable: number;
  }[];
  readonly first: number;
  readonly last: number;
  /** The bit position of the scan before that this refines; 0: this is the first one. */
  readonly high: number;
  readonly low: number;
}

/** @throws UnreadableCoefficients */
export function readScanHeader(payload: Uint8Array, frame: Frame): Scan {
  const count = payload[0] ?? 0;
  if (count < 1 || count > frame.components.length || payload.length !== 4 + 2 * count)
    throw new UnreadableCoefficients("damaged", "scan header");
  const components = Array.from({ length: count }, (_, i) => {
    const [id, tables] = payload.subarray(1 + 2 * i, 3 + 2 * i);
    const index = frame.components.findIndex((each) => each.id === id);
    if (index < 0 || tables! >> 4 > 3 || (tables! & 15) > 3)
      throw new UnreadableCoefficients("damaged", "scan header names what is not there");
    return { index, dcTable: tables! >> 4, acTable: tables! & 15 };
  });
  if (components.some(({ index }, i) => i > 0 && index <= components[i - 1]!.index))
    throw new UnreadableCoefficients("damaged", "components out of order");
  const [first, last, approximation] = payload.subarray(1 + 2 * count);
  const scan = {
    components,
    first: first!,
    last: last!,
    high: approximation! >> 4,
    low: approximation! & 15,
  };
  const whole = scan.first === 0 && scan.last === 63 && approximation === 0;
  const band =
    scan.first === 0
      ? scan.last === 0
      : scan.first <= scan.last && scan.last <= 63 && components.length === 1;
  const steps = scan.low <= 13 && (scan.high === 0 || scan.high === scan.low + 1);
  if (frame.progressive ? !band || !steps : !whole)
    throw new UnreadableCoefficients("damaged", "spectral selection or approximation");
  return scan;
}
