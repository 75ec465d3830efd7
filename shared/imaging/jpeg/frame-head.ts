import { type ColorCoding, readColorCoding } from "./color-coding.ts";
import type { FileSegment } from "./file-segment.ts";
import { type NotExact, notExact } from "./not-exact.ts";

export interface FrameComponent {
  readonly id: number;
  /** Sampling factors; 1 × 1 when it is the only component (ITU-T T.81, A.2.2). */
  readonly horizontal: number;
  readonly vertical: number;
  /** Number of its quantisation table. */
  readonly table: number;
}

/** How a JPEG's samples lie on the picture and carry colours. */
export interface FrameHead {
  readonly exact: true;
  readonly width: number;
  readonly height: number;
  readonly components: readonly FrameComponent[];
  readonly maxHorizontal: number;
  readonly maxVertical: number;
  readonly mcusPerRow: number;
  readonly mcuRows: number;
  readonly colorCoding: ColorCoding;
}

const MOST_BLOCKS = 10;

/** True for SOF0 to SOF15. */
export function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Reads a frame's header (B.2.2), strictly: 8 bits, 1, 3 or 4 components. Pure. */
export function readFrameHead(
  payload: Uint8Array,
  app0: readonly FileSegment[] | undefined,
  app14: readonly FileSegment[] | undefined,
): FrameHead | NotExact {
  const height = (payload[1]! << 8) | payload[2]!;
  const width = (payload[3]! << 8) | payload[4]!;
  const count = payload[5]!;
  if (payload.length !== 6 + 3 * count || width === 0) return notExact("structure");
  if (payload[0] !== 8 || ![1, 3, 4].includes(count)) return notExact("samples");
  if (height === 0) return notExact("height");
  const components = Array.from({ length: count }, (_, i): FrameComponent => {
    const [id, sampling, table] = [...payload.subarray(6 + 3 * i, 9 + 3 * i)] as [number, number, number];
    const [horizontal, vertical] = count === 1 ? [1, 1] : [sampling >> 4, sampling & 15];
    return { id, horizontal, vertical, table };
  });
  const maxHorizontal = Math.max(...components.map(({ horizontal }) => horizontal));
  const maxVertical = Math.max(...components.map(({ vertical }) => vertical));
  if (!samplingIsWhole(components, maxHorizontal, maxVertical)) return notExact("sampling");
  const colorCoding = readColorCoding(app0, app14, components);
  if (!colorCoding) return notExact("color");
  return {
    exact: true,
    width,
    height,
    components,
    maxHorizontal,
    maxVertical,
    mcusPerRow: Math.ceil(width / (8 * maxHorizontal)),
    mcuRows: Math.ceil(height / (8 * maxVertical)),
    colorCoding,
  };
}

/** Factors from 1 to 4 that divide the largest one, at most ten blocks to the MCU (T.81, B.2.2 and B.2.3). */
function samplingIsWhole(
  components: readonly FrameComponent[],
  maxHorizontal: number,
  maxVertical: number,
): boolean {
  const blocks = components.reduce((sum, { horizontal, vertical }) => sum + horizontal * vertical, 0);
  return (
    blocks <= MOST_BLOCKS &&
    maxHorizontal <= 4 &&
    maxVertical <= 4 &&
    components.every(
      ({ horizontal, vertical }) =>
        horizontal > 0 && vertical > 0 && maxHorizontal % horizontal === 0 && maxVertical % vertical === 0,
    )
  );
}

/** The multi-picture index (CIPA DC-007) among APP2 segments. */
export function indexSegment(app2: readonly FileSegment[] | undefined): FileSegment | null {
  return app2?.find(({ payload }) => String.fromCharCode(...payload.subarray(0, 4)) === "MPF\0") ?? null;
}
