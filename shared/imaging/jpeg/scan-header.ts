import { type ColorCoding, readColorCoding } from "./color-coding.ts";
import { type NotExact, type NotExactReason, notExact } from "./not-exact.ts";
import { readHuffmanTables, readQuantisationTables } from "./table-segments.ts";

/** A component, with what its blocks need. */
export interface ScanComponent {
  readonly id: number;
  /** Sampling factors; 1 × 1 when it is the only component (ITU-T T.81, A.2.2). */
  readonly horizontal: number;
  readonly vertical: number;
  /** Quantisation steps in natural order. */
  readonly steps: Uint16Array;
  readonly dcTable: number;
  readonly acTable: number;
}

/** All that is needed to walk the one scan of a sequential JPEG. */
export interface ScanHeader {
  readonly exact: true;
  readonly width: number;
  readonly height: number;
  readonly components: readonly ScanComponent[];
  readonly maxHorizontal: number;
  readonly maxVertical: number;
  readonly mcusPerRow: number;
  readonly mcuRows: number;
  /** MCUs between two restart markers; 0: there are none. */
  readonly restartInterval: number;
  readonly colorCoding: ColorCoding;
  /** Huffman tables as DHT carries them: 16 counts, then the symbols; by their numbers. */
  readonly dcTables: ReadonlyMap<number, Uint8Array>;
  readonly acTables: ReadonlyMap<number, Uint8Array>;
  /** Of the multi-picture index (CIPA DC-007), when there is one. `end` exclusive. */
  readonly index: { readonly start: number; readonly end: number } | null;
  /** Offset of the scan's header, SOS, or of the fill bytes before it. */
  readonly scanStart: number;
  /** Offset of the first byte of entropy-coded data. */
  readonly dataStart: number;
}

const SOF0 = 0xc0;
const SOF1 = 0xc1;
const SOF2 = 0xc2;
const DHT = 0xc4;
const DAC = 0xcc;
const SOS = 0xda;
const DQT = 0xdb;
const DRI = 0xdd;
const APP2 = 0xe2;

const MOST_BLOCKS = 10;

interface Segment {
  /** With the fill bytes before its marker. `end` exclusive. */
  readonly start: number;
  readonly end: number;
  readonly payload: Uint8Array;
}

/** Reads a JPEG's head, strictly: what is not as the standard says is left to a decoder. Pure. */
export function readScanHeader(bytes: Uint8Array): ScanHeader | NotExact {
  const segments = new Map<number, Segment[]>();
  let at = 2;
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return notExact("structure");
  for (;;) {
    const start = at;
    // Any marker may have fill bytes before it (T.81, B.1.1.2).
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === undefined || at + 4 > bytes.length) return notExact("structure");
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) return notExact("structure");
    const known = marker === DHT || marker === SOS || marker >= DQT || marker === DAC || isFrame(marker);
    if (!known || marker === 0xdc || marker === 0xde || marker === 0xdf) return notExact("structure");
    const list = segments.get(marker) ?? [];
    list.push({ start, end, payload: bytes.subarray(at + 4, end) });
    segments.set(marker, list);
    at = end;
    if (marker === SOS) return headerOf(segments, at);
  }
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== DHT && marker !== 0xc8 && marker !== DAC;
}

function otherProcess(marker: number): NotExactReason {
  if (marker === SOF2) return "progressive";
  return marker > 0xc8 ? "arithmetic" : "process";
}

function headerOf(
  segments: ReadonlyMap<number, readonly Segment[]>,
  dataStart: number,
): ScanHeader | NotExact {
  const frames = [...segments].flatMap(([marker, list]) =>
    isFrame(marker) ? list.map(({ payload }) => ({ marker, payload })) : [],
  );
  const frame = frames[0];
  if (!frame || frames.length > 1) return notExact("structure");
  if (frame.marker !== SOF0 && frame.marker !== SOF1) return notExact(otherProcess(frame.marker));
  if (segments.has(DAC)) return notExact("arithmetic");
  const payloads = (marker: number) => (segments.get(marker) ?? []).map(({ payload }) => payload);
  const quantisation = readQuantisationTables(payloads(DQT));
  const huffman = readHuffmanTables(payloads(DHT));
  if (!quantisation || !huffman) return notExact("tables");
  const restart = readRestartInterval(payloads(DRI));
  if (restart === null) return notExact("structure");

  const { payload } = frame;
  const height = (payload[1]! << 8) | payload[2]!;
  const width = (payload[3]! << 8) | payload[4]!;
  const count = payload[5]!;
  if (payload.length !== 6 + 3 * count || width === 0) return notExact("structure");
  if (payload[0] !== 8 || ![1, 3, 4].includes(count)) return notExact("samples");
  if (height === 0) return notExact("height");
  const selectors = readScanSelectors(payloads(SOS)[0]!, count);
  if (!selectors) return notExact("scans");

  const components: ScanComponent[] = [];
  for (let i = 0; i < count; i++) {
    const [id, sampling, table] = payload.subarray(6 + 3 * i, 9 + 3 * i) as unknown as [
      number,
      number,
      number,
    ];
    const steps = quantisation.get(table);
    const { component, dcTable, acTable } = selectors[i]!;
    if (component !== id) return notExact("structure");
    if (!steps || !huffman.dc.has(dcTable) || !huffman.ac.has(acTable)) return notExact("tables");
    const [horizontal, vertical] = count === 1 ? [1, 1] : [sampling >> 4, sampling & 15];
    components.push({ id, horizontal, vertical, steps, dcTable, acTable });
  }
  const maxHorizontal = Math.max(...components.map(({ horizontal }) => horizontal));
  const maxVertical = Math.max(...components.map(({ vertical }) => vertical));
  if (!samplingIsWhole(components, maxHorizontal, maxVertical)) return notExact("sampling");
  const colorCoding = readColorCoding(segments.get(0xe0), segments.get(0xee), components);
  if (!colorCoding) return notExact("color");
  const index = (segments.get(APP2) ?? []).find(
    (each) => String.fromCharCode(...each.payload.subarray(0, 4)) === "MPF\0",
  );
  return {
    exact: true,
    width,
    height,
    components,
    maxHorizontal,
    maxVertical,
    mcusPerRow: Math.ceil(width / (8 * maxHorizontal)),
    mcuRows: Math.ceil(height / (8 * maxVertical)),
    restartInterval: restart,
    colorCoding,
    dcTables: huffman.dc,
    acTables: huffman.ac,
    index: index ? { start: index.start, end: index.end } : null,
    scanStart: segments.get(SOS)![0]!.start,
    dataStart,
  };
}

/** Factors from 1 to 4 that divide the largest one, at most ten blocks to the MCU (T.81, B.2.2 and B.2.3). */
function samplingIsWhole(
  components: readonly ScanComponent[],
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

/** The last one counts. `null`: not as it should be. */
function readRestartInterval(payloads: readonly Uint8Array[]): number | null {
  let interval = 0;
  for (const payload of payloads) {
    if (payload.length !== 2) return null;
    interval = (payload[0]! << 8) | payload[1]!;
  }
  return interval;
}

/** `null` unless it is a sequential scan of all components. */
function readScanSelectors(payload: Uint8Array, count: number) {
  if (payload.length !== 4 + 2 * count || payload[0] !== count) return null;
  const [first, last, approximation] = payload.subarray(1 + 2 * count);
  if (first !== 0 || last !== 63 || approximation !== 0) return null;
  return Array.from({ length: count }, (_, i) => {
    const tables = payload[2 + 2 * i]!;
    return { component: payload[1 + 2 * i]!, dcTable: tables >> 4, acTable: tables & 15 };
  });
}
