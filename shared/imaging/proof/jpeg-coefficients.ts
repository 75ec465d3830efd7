import { type ProofKernel, READ_STATUS, type ReadBlock } from "../wasm/proof-kernel.ts";
import { canonicalHead } from "./canonical-head.ts";
import { type Frame, readFrame, readScanHeader, type Scan } from "./jpeg-frame.ts";
import { MARKER, type Marker, markerAt, UnreadableCoefficients } from "./jpeg-markers.ts";

/** Blocks whose coefficients take 192 bytes each in canonical form, at most. */
const BLOCK_BYTES = 192;
/** More than this is not stored for progressive files: two pictures of 130 megapixels. */
const MOST_STORED_BYTES = 1024 ** 3;

/** Of arithmetic coding, where a file says nothing else (ITU-T T.81, F.1.4.4): L 0, U 1; Kx 5. */
const DC_CONDITIONING = 0x10;
const AC_CONDITIONING = 5;

/** One row of MCUs in canonical form. Addresses in the kernel's memory. */
export interface CanonicalRow {
  readonly out: number;
  /** 32 bits for each MCU: where its bytes end, counted from `out`. */
  readonly ends: number;
  readonly length: number;
}

/** A scan that is read as it is walked. Addresses in the kernel's memory. */
export interface WalkedScan {
  readonly scan: Scan;
  /** In coding order. */
  readonly blocks: readonly ReadBlock[];
  /** MCUs between restart markers, 0 without. */
  readonly interval: number;
  /** Its entropy-coded bytes, up to the file's end. */
  readonly from: number;
  readonly stop: number;
}

/**
 * The quantised coefficients of one JPEG, row of MCUs by row (`docs/guides/proof.md` defines their canonical form).
 * Reads strictly: what libjpeg would only warn about is damage here.
 */
export class JpegCoefficients {
  readonly #kernel: ProofKernel;
  readonly #stream: number;
  readonly #bytes: Uint8Array;
  readonly #address: number;
  #frame: Frame | undefined;
  #at = 2;
  #interval = 0;
  readonly #steps = new Map<number, Uint16Array>();
  readonly #latched: (Uint16Array | undefined)[] = [];
  /** By kind and number. */
  readonly #tables = new Set<string>();
  /** Addresses of stored coefficients, by component. */
  readonly #stored: number[] = [];
  /** Of progressive files: the bit position each coefficient has been read to; -1: not at all. */
  readonly #precision: Int8Array[] = [];
  /** The one scan that is read as it is walked. */
  #streamed: { readonly scan: Scan; readonly from: number } | undefined;
  #out = 0;
  #ends = 0;
  #row = 0;

  /**
   * Reads the head, and all scans of a file that has several.
   * @param stream 0 or 1: the kernel reads two.
   * @throws UnreadableCoefficients
   */
  constructor(kernel: ProofKernel, stream: number, bytes: Uint8Array) {
    this.#kernel = kernel;
    this.#stream = stream;
    this.#bytes = bytes;
    this.#address = this.#allocate(bytes.length + 16);
    kernel.view(this.#address, bytes.length).set(bytes);
    for (let number = 0; number < 4; number++) {
      kernel.setConditioning(stream, "dc", number, DC_CONDITIONING);
      kernel.setConditioning(stream, "ac", number, AC_CONDITIONING);
    }
    this.#readMarkers();
    const { columns, components } = this.frame;
    if (this.#latched.filter(Boolean).length < components.length) throw damaged("a component is missing");
    const blocks = components.reduce((sum, each) => sum + each.horizontal * each.vertical, 0);
    this.#out = this.#allocate(columns * blocks * BLOCK_BYTES + 16);
    this.#ends = this.#allocate(columns * 4);
    this.rewind();
  }

  get frame(): Frame {
    if (!this.#frame) throw damaged("no frame header");
    return this.#frame;
  }

  /** `null`: it has several scans, which have been read and stored. */
  get walked(): WalkedScan | null {
    if (!this.#streamed) return null;
    const { scan, from } = this.#streamed;
    const [start, interval] = [this.#address, this.#interval];
    const blocks = this.#blocks(scan, true);
    return { scan, blocks, interval, from: start + from, stop: start + this.#bytes.length };
  }

  /** Where its rows are written. */
  get roomForRow(): number {
    return this.#out;
  }

  /** All that gives the coefficients their meaning: size, sampling, quantisation, colour coding. */
  head(): Uint8Array {
    return canonicalHead(this.frame, this.#latched as Uint16Array[], this.#bytes);
  }

  /** The next row of MCUs. @param skipped Address of a byte for each MCU that is to be left out; 0: none. */
  nextRow(skipped: number): CanonicalRow {
    const row = this.#row++;
    if (this.#streamed)
      this.#check(this.#kernel.readRow(this.#stream, row, skipped, this.#out, this.#ends), row);
    else this.#kernel.writeStoredRow(this.#stream, row, skipped, this.#out, this.#ends);
    const length = this.#kernel.uint32(this.#ends + 4 * (this.frame.columns - 1));
    return { out: this.#out, ends: this.#ends, length };
  }

  /** To be called behind the last row: the file must end as it should. */
  finish(): void {
    if (!this.#streamed) return;
    this.finishAt(this.#address + this.#endOfScan());
  }

  /** The same where somebody else has read the scan, up to the marker at this address. */
  finishAt(address: number): void {
    this.#at = address - this.#address;
    for (;;) {
      const marker = markerAt(this.#bytes, this.#at);
      if (marker.code === MARKER.EOI) return;
      if (marker.code === MARKER.SOS) throw damaged("a second scan of the same components");
      this.#at = marker.end;
    }
  }

  /** Starts again at the first row. */
  rewind(): void {
    this.#row = 0;
    const { columns } = this.frame;
    const scan = this.#streamed?.scan ?? wholeScan(this.frame);
    this.#kernel.setBlocks(this.#stream, columns, this.#blocks(scan, true));
    if (this.#streamed) this.#begin(this.#streamed.from);
  }

  #readMarkers(): void {
    if (this.#bytes[0] !== 0xff || this.#bytes[1] !== MARKER.SOI) throw damaged("no start of a JPEG");
    for (;;) {
      const marker = markerAt(this.#bytes, this.#at);
      this.#at = marker.end;
      if (marker.code === MARKER.EOI) return;
      if (marker.code === MARKER.SOS) {
        if (this.#startScan(readScanHeader(marker.payload, this.frame))) return;
      } else this.#readParameters(marker);
    }
  }

  #readParameters(marker: Marker): void {
    const { code, payload } = marker;
    if (code === MARKER.DQT) this.#readSteps(payload);
    else if (code === MARKER.DHT) this.#readTables(payload);
    else if (code === MARKER.DAC) this.#readConditioning(payload);
    else if (code === MARKER.DRI) {
      if (payload.length !== 2) throw damaged("restart interval");
      this.#interval = (payload[0]! << 8) | payload[1]!;
    } else if (code >= MARKER.SOF0 && code <= 0xcf) {
      if (this.#frame) throw damaged("two frame headers");
      this.#frame = readFrame(marker);
    } else if (code < 0xe0 || (code > 0xef && code !== 0xfe))
      throw new UnreadableCoefficients("coding", `marker ${code.toString(16)}`);
  }

  #readSteps(payload: Uint8Array): void {
    for (let at = 0; at < payload.length; ) {
      const [wide, number] = [payload[at]! >> 4, payload[at]! & 15];
      const end = at + 1 + 64 * (wide + 1);
      if (wide > 1 || number > 3 || end > payload.length) throw damaged("quantisation table");
      const steps = Uint16Array.from({ length: 64 }, (_, k) =>
        wide ? (payload[at + 1 + 2 * k]! << 8) | payload[at + 2 + 2 * k]! : payload[at + 1 + k]!,
      );
      if (steps.includes(0)) throw damaged("quantisation step 0");
      this.#steps.set(number, steps);
      at = end;
    }
  }

  #readTables(payload: Uint8Array): void {
    for (let at = 0; at < payload.length; ) {
      const [kind, number] = [payload[at]! >> 4, payload[at]! & 15];
      const symbols = payload.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0);
      const spec = payload.subarray(at + 1, at + 17 + symbols);
      const isWhole = spec.length === 16 + symbols && kind <= 1 && number <= 3 && symbols <= 256;
      if (!isWhole || !this.#kernel.setTable(this.#stream, kind === 0 ? "dc" : "ac", number, spec))
        throw damaged("Huffman table");
      this.#tables.add(`${kind}:${number}`);
      at += 17 + symbols;
    }
  }

  #readConditioning(payload: Uint8Array): void {
    for (let at = 0; at < payload.length; at += 2) {
      const [kind, number, value] = [payload[at]! >> 4, payload[at]! & 15, payload[at + 1] ?? 0];
      const isRight = kind === 0 ? (value & 15) <= value >> 4 : kind === 1 && value >= 1 && value <= 63;
      if (!isRight || number > 3 || payload.length % 2 !== 0) throw damaged("arithmetic conditioning");
      this.#kernel.setConditioning(this.#stream, kind === 0 ? "dc" : "ac", number, value);
    }
  }

  /** True: it is the only one, and is read when its rows are asked for. */
  #startScan(scan: Scan): boolean {
    const { progressive, arithmetic, components } = this.frame;
    for (const { index, dcTable, acTable } of scan.components) {
      const needsDc = !arithmetic && scan.first === 0 && scan.high === 0;
      if (needsDc && !this.#tables.has(`0:${dcTable}`)) throw damaged("no DC table");
      if (!arithmetic && scan.last > 0 && !this.#tables.has(`1:${acTable}`)) throw damaged("no AC table");
      if (!progressive && this.#latched[index]) throw damaged("a component twice");
      // Steps hold from a component's first scan on.
      this.#latched[index] ??= this.#steps.get(components[index]!.table);
      if (!this.#latched[index]) throw damaged("no quantisation table");
    }
    if (!progressive && !arithmetic && scan.components.length === components.length) {
      this.#streamed = { scan, from: this.#at };
      return true;
    }
    this.#storeScan(scan);
    return false;
  }

  #storeScan(scan: Scan): void {
    const { progressive, arithmetic, components, columns, rows } = this.frame;
    if (this.#stored.length === 0) this.#makeRoom();
    for (const { index } of scan.components) if (progressive) this.#advance(index, scan);
    const single = scan.components.length === 1 ? components[scan.components[0]!.index]! : null;
    const scanColumns = single ? single.blocksPerRow : columns;
    this.#kernel.setBlocks(this.#stream, scanColumns, this.#blocks(scan, single === null));
    this.#begin(this.#at);
    const kind = !progressive ? 0 : (scan.first === 0 ? 1 : 3) + (scan.high === 0 ? 0 : 1);
    const scanRows = single ? single.blockRows : rows;
    const { first, last, low } = scan;
    const status = arithmetic
      ? this.#kernel.readArithmeticScan(this.#stream, scanRows, kind, first, last, low)
      : this.#kernel.readScan(this.#stream, scanRows, kind, first, last, low);
    this.#check(status, 0);
    this.#at = this.#endOfScan();
  }

  /** Each scan of a coefficient must follow on the one before (ITU-T T.81, G.1.1.1). */
  #advance(index: number, { first, last, high, low }: Scan): void {
    const precision = this.#precision[index]!;
    if (first > 0 && precision[0] === -1) throw damaged("AC before DC");
    for (let k = first; k <= last; k++) {
      if (high === 0 ? precision[k] !== -1 : precision[k] !== high) throw damaged("progression");
      precision[k] = low;
    }
  }

  #makeRoom(): void {
    const { components, columns, rows } = this.frame;
    const sizes = components.map((each) => columns * each.horizontal * rows * each.vertical * 128);
    if (sizes.reduce((sum, size) => sum + size, 0) > MOST_STORED_BYTES)
      throw new UnreadableCoefficients("too_large", "too many coefficients to store");
    for (const [i, size] of sizes.entries()) {
      this.#stored[i] = this.#allocate(size);
      this.#kernel.view(this.#stored[i]!, size).fill(0);
      this.#precision[i] = new Int8Array(64).fill(-1);
    }
  }

  #blocks(scan: Scan, interleaved: boolean): ReadBlock[] {
    return scan.components.flatMap(({ index, dcTable, acTable }) => {
      const component = this.frame.components[index]!;
      const [horizontal, vertical] = interleaved ? [component.horizontal, component.vertical] : [1, 1];
      return Array.from({ length: horizontal * vertical }, (_, i) => ({
        component: index,
        dcTable,
        acTable,
        x: i % horizontal,
        y: Math.floor(i / horizontal),
        horizontal,
        vertical,
        blocksPerRow: component.blocksPerRow,
        blockRows: component.blockRows,
        stored: this.#stored[index] ?? 0,
        storedPerRow: this.frame.columns * component.horizontal,
      }));
    });
  }

  #begin(from: number): void {
    const end = this.#address + this.#bytes.length;
    this.#kernel.beginScan(this.#stream, this.#address + from, end, this.#interval);
  }

  #endOfScan(): number {
    const marker = this.#kernel.endScan(this.#stream);
    if (marker === 0) throw damaged("more data than the picture needs");
    return marker - this.#address;
  }

  #check(status: number, row: number): void {
    if (status === READ_STATUS.ok) return;
    const what = { 1: "a code that is none", 2: "the data end too early", 3: "a restart marker is missing" };
    throw damaged(`${what[status as 1 | 2 | 3]} (row ${row})`);
  }

  #allocate(bytes: number): number {
    const at = this.#kernel.allocate(bytes);
    if (at === null) throw new UnreadableCoefficients("too_large", "not enough memory");
    return at;
  }
}

function damaged(what: string): UnreadableCoefficients {
  return new UnreadableCoefficients("damaged", what);
}

/** All components, as stored coefficients are gone through. */
function wholeScan({ components }: Frame): Scan {
  return {
    components: components.map((_, index) => ({ index, dcTable: 0, acTable: 0 })),
    first: 0,
    last: 63,
    high: 0,
    low: 0,
  };
}
