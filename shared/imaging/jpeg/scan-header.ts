import { type FileSegment, segmentAt } from "./file-segment.ts";
import { type FrameHead, indexSegment, isFrame, readFrameHead } from "./frame-head.ts";
import { type NotExact, type NotExactReason, notExact } from "./not-exact.ts";
import { readHuffmanTables, readQuantisationTables } from "./table-segments.ts";

/** What a component's blocks need. */
interface ScanComponent {
  /** Quantisation steps in natural order. */
  readonly steps: Uint16Array;
  readonly dcTable: number;
  readonly acTable: number;
}

/** All that is needed to walk the one scan of a sequential JPEG. */
export interface ScanHeader extends FrameHead {
  readonly components: readonly (FrameHead["components"][number] & ScanComponent)[];
  /** MCUs between two restart markers; 0: there are none. */
  readonly restartInterval: number;
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
const APP0 = 0xe0;
const APP2 = 0xe2;
const APP14 = 0xee;

/** Reads a JPEG's head, strictly: what is not as the standard says is left to a decoder. Pure. */
export function readScanHeader(bytes: Uint8Array): ScanHeader | NotExact {
  const segments = new Map<number, FileSegment[]>();
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return notExact("structure");
  for (let at = 2; ; ) {
    const segment = segmentAt(bytes, at);
    if (!segment || !belongsInHead(segment.marker)) return notExact("structure");
    const list = segments.get(segment.marker) ?? [];
    list.push(segment);
    segments.set(segment.marker, list);
    at = segment.end;
    if (segment.marker === SOS) return headerOf(segments, at);
  }
}

/** Tables, parameters, APPn and COM, the frame's and the scan's header. */
function belongsInHead(marker: number): boolean {
  const known = marker === DHT || marker === SOS || marker >= DQT || marker === DAC || isFrame(marker);
  return known && marker !== 0xdc && marker !== 0xde && marker !== 0xdf;
}

function otherProcess(marker: number): NotExactReason {
  if (marker === SOF2) return "progressive";
  return marker > 0xc8 ? "arithmetic" : "process";
}

function headerOf(
  segments: ReadonlyMap<number, readonly FileSegment[]>,
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

  const head = readFrameHead(frame.payload, segments.get(APP0), segments.get(APP14));
  if (!head.exact) return head;
  const selectors = readScanSelectors(payloads(SOS)[0]!, head.components.length);
  if (!selectors) return notExact("scans");
  const components = [];
  for (const [i, component] of head.components.entries()) {
    const steps = quantisation.get(component.table);
    const { id, dcTable, acTable } = selectors[i]!;
    if (id !== component.id) return notExact("structure");
    if (!steps || !huffman.dc.has(dcTable) || !huffman.ac.has(acTable)) return notExact("tables");
    components.push({ ...component, steps, dcTable, acTable });
  }
  const index = indexSegment(segments.get(APP2));
  return {
    ...head,
    components,
    restartInterval: restart,
    dcTables: huffman.dc,
    acTables: huffman.ac,
    index: index ? { start: index.start, end: index.end } : null,
    scanStart: segments.get(SOS)![0]!.start,
    dataStart,
  };
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
    return { id: payload[1 + 2 * i]!, dcTable: tables >> 4, acTable: tables & 15 };
  });
}
