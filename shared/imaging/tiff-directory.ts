/** TIFF field types by the bytes of one element, and of what must be turned when byte orders differ (TIFF 6.0, 2). */
const TYPE_BYTES: Readonly<Record<number, readonly [size: number, unit: number]>> = {
  1: [1, 1],
  2: [1, 1],
  3: [2, 2],
  4: [4, 4],
  5: [8, 4],
  6: [1, 1],
  7: [1, 1],
  8: [2, 2],
  9: [4, 4],
  10: [8, 4],
  11: [4, 4],
  12: [8, 8],
  13: [4, 4],
  16: [8, 8],
  17: [8, 8],
  18: [8, 8],
};

export interface TiffField {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** The values, in little-endian order whatever the file's. */
  readonly value: Uint8Array;
}

export type TiffDirectory = ReadonlyMap<number, TiffField>;

/** Tags that hold the offset of another directory. */
export const SUB_DIRECTORY = { exif: 34_665, gps: 34_853, interoperability: 40_965 } as const;

/** In a whole file no two values overlap, and none is read more than a few times. */
const MOST_READINGS = 8;

/**
 * Reads TIFF (II or MM, classic or BigTIFF) directories out of a file. Damaged entries are passed over, and so are all
 * that come after values and entries have been read that could not lie beside each other in the file.
 */
export class TiffReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #big: boolean;
  /** Of values and entries. */
  #bytesLeft: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#bytesLeft = bytes.length * MOST_READINGS;
    this.#little = bytes[0] === 0x49;
    this.#big = bytes.length >= 16 && this.#view.getUint16(2, this.#little) === 43;
  }

  /** The chain of pages. */
  pages(): TiffDirectory[] {
    const pages: TiffDirectory[] = [];
    const seen = new Set<number>();
    let at = this.#offset(this.#big ? 8 : 4);
    while (at > 0 && at < this.#bytes.length && !seen.has(at)) {
      seen.add(at);
      const { directory, next } = this.#read(at);
      pages.push(directory);
      at = next;
    }
    return pages;
  }

  /** The directories that a field points to (`SubIFDs`, EXIF, GPS). */
  children(field: TiffField): TiffDirectory[] {
    return integers(field)
      .filter((at) => at > 0 && at < this.#bytes.length)
      .map((at) => this.#read(at).directory);
  }

  #offset(at: number): number {
    if (at + (this.#big ? 8 : 4) > this.#bytes.length) return 0;
    return this.#big
      ? Number(this.#view.getBigUint64(at, this.#little))
      : this.#view.getUint32(at, this.#little);
  }

  #read(at: number): { directory: TiffDirectory; next: number } {
    const directory = new Map<number, TiffField>();
    const [head, entry, inline] = this.#big ? [8, 20, 8] : [2, 12, 4];
    if (at + head > this.#bytes.length) return { directory, next: 0 };
    const entries = this.#big
      ? Number(this.#view.getBigUint64(at, this.#little))
      : this.#view.getUint16(at, this.#little);
    const end = at + head + entries * entry;
    this.#bytesLeft -= end - at;
    if (end > this.#bytes.length || this.#bytesLeft < 0) return { directory, next: 0 };
    for (let field = at + head; field < end; field += entry) {
      const tag = this.#view.getUint16(field, this.#little);
      const type = this.#view.getUint16(field + 2, this.#little);
      const count = this.#offset(field + 4);
      const sizes = TYPE_BYTES[type];
      if (!sizes) continue;
      const length = count * sizes[0];
      const start = length <= inline ? field + entry - inline : this.#offset(field + entry - inline);
      if (start + length > this.#bytes.length || length > this.#bytesLeft) continue;
      this.#bytesLeft -= length;
      directory.set(tag, { tag, type, count, value: this.#ordered(start, length, sizes[1]) });
    }
    return { directory, next: this.#offset(end) };
  }

  #ordered(start: number, length: number, unit: number): Uint8Array {
    // Not `slice`: on Node's Buffers that shares memory, and the source must stay as it is.
    const value = new Uint8Array(this.#bytes.subarray(start, start + length));
    if (this.#little || unit === 1) return value;
    for (let i = 0; i + unit <= value.length; i += unit) value.subarray(i, i + unit).reverse();
    return value;
  }
}

/** The values of an integer field (BYTE, SHORT, LONG, IFD, LONG8). */
export function integers(field: TiffField | undefined): number[] {
  if (!field) return [];
  const { value, type, count } = field;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return Array.from({ length: count }, (_, i) => {
    if (type === 3) return view.getUint16(i * 2, true);
    if (type === 4 || type === 13) return view.getUint32(i * 4, true);
    if (type === 16 || type === 18) return Number(view.getBigUint64(i * 8, true));
    return value[i] ?? 0;
  });
}

const TAG = { photometric: 262, subDirectories: 330, dngVersion: 50_706, cfaPattern: 33_422 } as const;
/** Colour filter array and linear raw (TIFF/EP, DNG). */
const RAW_PHOTOMETRIC = new Set([32_803, 34_892]);

/** True for a camera's raw file in TIFF's clothes: DNG, NEF, ARW, PEF, 3FR and their kind. Pure. */
export function isCameraTiff(bytes: Uint8Array): boolean {
  const reader = new TiffReader(bytes);
  const isRaw = (directory: TiffDirectory) =>
    directory.has(TAG.dngVersion) ||
    directory.has(TAG.cfaPattern) ||
    integers(directory.get(TAG.photometric)).some((value) => RAW_PHOTOMETRIC.has(value));
  return reader
    .pages()
    .some((page) => isRaw(page) || reader.children(page.get(TAG.subDirectories) ?? NO_FIELD).some(isRaw));
}

const NO_FIELD: TiffField = { tag: 0, type: 4, count: 0, value: new Uint8Array(0) };
