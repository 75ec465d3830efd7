import { type CoefficientKernel, type KernelScan, SCAN_KIND } from "../wasm/coefficient-kernel.ts";
import { KERNEL_STATUS } from "../wasm/jpeg-kernel.ts";
import { isComplete, noProgress, type Progress, planesOf, readCodedScan } from "./coded-scan.ts";
import { EOI, type FileSegment, segmentAt } from "./file-segment.ts";
import { type FrameHead, indexSegment, isFrame, readFrameHead } from "./frame-head.ts";
import { type NotExact, notExact } from "./not-exact.ts";
import { takeScan } from "./scan-intake.ts";
import {
  type Conditioning,
  readConditioning,
  readHuffmanTables,
  readQuantisationTables,
} from "./table-segments.ts";

/** One scan, with its place in the file. Offsets in bytes. */
export interface CodedScan extends KernelScan {
  /** Of its header, SOS, or of the fill bytes before it. */
  readonly start: number;
  readonly dataStart: number;
  readonly dataEnd: number;
  /** MCUs between restart markers; 0: there are none. */
  readonly restartInterval: number;
}

/** A JPEG whose coefficients are all in the kernel. */
export interface ReadJpeg {
  readonly exact: true;
  readonly frame: FrameHead;
  /** Offset of the frame's marker, its second byte. */
  readonly frameMarker: number;
  readonly isProgressive: boolean;
  readonly isArithmetic: boolean;
  readonly scans: readonly CodedScan[];
  /** Segments of tables for entropy coding. */
  readonly tables: readonly FileSegment[];
  /** The multi-picture index, when there is one. */
  readonly index: FileSegment | null;
  /** Behind the end marker. */
  readonly fileEnd: number;
}

/**
 * Coefficients take two bytes for each sample: 6 a pixel with whole chrominance, 3 with halved. More than this, 128
 * megapixels of 4:2:0, is left to the decoder, which works by rows.
 */
const MOST_COEFFICIENT_BYTES = 384 * 1024 * 1024;
/** Programs write 20 at most; each costs a walk over all blocks. */
const MOST_SCANS = 100;

const SOF2 = 0xc2;
const SOF9 = 0xc9;
const SOF10 = 0xca;
const CODINGS = [0xc0, 0xc1, SOF2, SOF9, SOF10];
const DHT = 0xc4;
const DAC = 0xcc;
const SOS = 0xda;
const DQT = 0xdb;
const DRI = 0xdd;
const APP0 = 0xe0;
const APP2 = 0xe2;
const APP14 = 0xee;
const COM = 0xfe;

/** What a picture's coefficients take, in bytes. Pure. */
export function coefficientBytes(frame: FrameHead): number {
  return planesOf(frame).reduce((sum, { padded }) => sum + padded.blocksPerRow * padded.blockRows * 128, 0);
}

/**
 * Reads all quantised coefficients of a Huffman-coded JPEG of 8 bits, sequential or progressive, in any scans. Strict:
 * what libjpeg would only warn about is left to a decoder.
 */
export function readCoefficients(kernel: CoefficientKernel, bytes: Uint8Array): ReadJpeg | NotExact {
  return new Reading(kernel, bytes).read();
}

class Reading {
  readonly #kernel: CoefficientKernel;
  readonly #bytes: Uint8Array;
  readonly #head = new Map<number, FileSegment[]>();
  readonly #scans: CodedScan[] = [];
  readonly #tables: FileSegment[] = [];
  readonly #steps = new Map<number, Uint16Array>();
  /** Tables that were set, by kind and number. */
  readonly #known = new Set<string>();
  /** Of arithmetic tables; of equal ones the last counts. */
  readonly #conditioning: Conditioning[] = [];
  readonly #latched = new Set<number>();
  #interval = 0;
  #frameMarker = 0;
  #isProgressive = false;
  #isArithmetic = false;

  constructor(kernel: CoefficientKernel, bytes: Uint8Array) {
    this.#kernel = kernel;
    this.#bytes = bytes;
  }

  read(): ReadJpeg | NotExact {
    if (this.#bytes[0] !== 0xff || this.#bytes[1] !== 0xd8) return notExact("structure");
    let frame: FrameHead | undefined;
    let progress: Progress = [];
    for (let at = 2; ; ) {
      const segment = segmentAt(this.#bytes, at);
      if (!segment) return notExact("structure");
      at = segment.end;
      if (segment.marker === EOI) {
        if (!frame || !isComplete(progress)) return notExact("scans");
        const index = indexSegment(this.#head.get(APP2));
        return {
          exact: true,
          frame,
          frameMarker: this.#frameMarker,
          isProgressive: this.#isProgressive,
          isArithmetic: this.#isArithmetic,
          scans: this.#scans,
          tables: this.#tables,
          index,
          fileEnd: at,
        };
      }
      if (segment.marker !== SOS) {
        const wrong = this.#keep(segment, frame !== undefined);
        if (wrong) return wrong;
        continue;
      }
      if (!frame) {
        const begun = this.#begin();
        if (!begun.exact) return begun;
        frame = begun;
        progress = noProgress(frame);
      }
      const scan = readCodedScan(segment.payload, frame, this.#isProgressive, progress);
      if (!scan || this.#scans.length === MOST_SCANS) return notExact("scans");
      const dataEnd = this.#readScan(scan, frame, at);
      if (typeof dataEnd !== "number") return dataEnd;
      const restartInterval = this.#interval;
      this.#scans.push({ ...scan, start: segment.start, dataStart: at, dataEnd, restartInterval });
      at = dataEnd;
    }
  }

  /** Takes what stands in front of a scan. */
  #keep(segment: FileSegment, hasFrame: boolean): NotExact | null {
    const { marker, payload } = segment;
    if (marker === DQT) {
      const steps = readQuantisationTables([payload]);
      if (!steps) return notExact("tables");
      for (const [number, each] of steps) this.#steps.set(number, each);
    } else if (marker === DHT) {
      const tables = readHuffmanTables([payload]);
      if (!tables) return notExact("tables");
      for (const kind of ["dc", "ac"] as const)
        for (const [number, spec] of tables[kind]) {
          if (!this.#kernel.setReadTable(kind, number, spec)) return notExact("tables");
          this.#known.add(`${kind} ${number}`);
        }
      this.#tables.push(segment);
    } else if (marker === DAC) {
      const conditioning = readConditioning(payload);
      if (!conditioning) return notExact("tables");
      this.#conditioning.push(...conditioning);
      this.#tables.push(segment);
    } else if (marker === DRI) {
      if (payload.length !== 2) return notExact("structure");
      this.#interval = (payload[0]! << 8) | payload[1]!;
    } else if (isFrame(marker) ? hasFrame : (marker < APP0 || marker > 0xef) && marker !== COM)
      return notExact("structure");
    const list = this.#head.get(marker) ?? [];
    list.push(segment);
    this.#head.set(marker, list);
    return null;
  }

  /** At the first scan: the frame's header, and room for its coefficients. */
  #begin(): FrameHead | NotExact {
    const frames = [...this.#head].flatMap(([marker, list]) => (isFrame(marker) ? list : []));
    const [segment] = frames;
    if (!segment || frames.length > 1) return notExact("structure");
    if (!CODINGS.includes(segment.marker)) return notExact("process");
    this.#isProgressive = segment.marker === SOF2 || segment.marker === SOF10;
    this.#isArithmetic = segment.marker >= SOF9;
    this.#frameMarker = segment.end - segment.payload.length - 3;
    const frame = readFrameHead(segment.payload, this.#head.get(APP0), this.#head.get(APP14));
    if (!frame.exact) return frame;
    if (coefficientBytes(frame) > MOST_COEFFICIENT_BYTES) return notExact("memory");
    const planes = planesOf(frame).map(({ padded }) => padded);
    return this.#kernel.open(planes, this.#bytes.length) ? frame : notExact("memory");
  }

  /** Answers where its data end. */
  #readScan(scan: KernelScan, frame: FrameHead, dataStart: number): number | NotExact {
    const kernel = this.#kernel;
    for (const { index, dcTable, acTable } of scan.components) {
      const { kind } = scan;
      const needsDc = kind === SCAN_KIND.sequential || kind === SCAN_KIND.dcFirst;
      const needsAc = kind !== SCAN_KIND.dcFirst && kind !== SCAN_KIND.dcRefine;
      if (!this.#isArithmetic && needsDc && !this.#known.has(`dc ${dcTable}`)) return notExact("tables");
      if (!this.#isArithmetic && needsAc && !this.#known.has(`ac ${acTable}`)) return notExact("tables");
      // Steps hold from a component's first scan on.
      if (this.#latched.has(index)) continue;
      const steps = this.#steps.get(frame.components[index]!.table);
      if (!steps) return notExact("tables");
      this.#latched.add(index);
      kernel.setQuantisation(index, steps);
    }
    const mcus = scan.columns * scan.rows;
    const perInterval = this.#interval || mcus;
    kernel.openScan();
    const intake = takeScan(kernel, this.#bytes, dataStart, Math.ceil(mcus / perInterval));
    if (!intake.exact) return intake;
    kernel.beginScan(scan);
    for (const { kind, number, value } of this.#conditioning) kernel.setConditioning(kind, number, value);
    for (const [i, { cleanStart, cleanEnd }] of intake.intervals.entries()) {
      const first = i * perInterval;
      const count = Math.min(perInterval, mcus - first);
      const status = this.#isArithmetic
        ? kernel.readArithmetic(scan, first, count, cleanStart, cleanEnd)
        : kernel.read(scan, first, count, cleanStart, cleanEnd);
      if (status !== KERNEL_STATUS.ok) return notExact("data");
    }
    return intake.end;
  }
}
