import { joinBytes } from "./join-bytes.ts";
import { integers, SUB_DIRECTORY, type TiffDirectory, type TiffField, TiffReader } from "./tiff-directory.ts";

const STRIP_OFFSETS = 273;
const STRIP_BYTE_COUNTS = 279;

/** Tags that say how pixels are coded: they come from the new file. */
const CODING = new Set([
  256,
  257,
  258,
  259,
  262,
  266,
  STRIP_OFFSETS,
  277,
  278,
  STRIP_BYTE_COUNTS,
  284,
  292,
  293,
  317,
  320,
  322,
  323,
  324,
  325,
  332,
  334,
  338,
  339,
  340,
  341,
  347,
  512,
  513,
  514,
  515,
  517,
  518,
  519,
  520,
  521,
  529,
  530,
  531,
  532,
]);
/** Tags that hold other, unmarked forms of the picture: smaller copies and Photoshop's layers. They are left out. */
const OTHER_PICTURES = new Set([330, 37_724, 50_784]);

const LONG = 4;
const CHILD_TAGS: ReadonlySet<number> = new Set(Object.values(SUB_DIRECTORY));

/** Collects a little-endian classic TIFF. Everything is appended; offsets are known when they are needed. */
class TiffWriter {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  append(bytes: Uint8Array): number {
    if (this.#length % 2 === 1) this.#push(new Uint8Array(1));
    const at = this.#length;
    this.#push(bytes);
    return at;
  }

  #push(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  /** Writes values, then the directory; answers where it starts and where its `next` field stands. */
  directory(fields: Iterable<TiffField>): { readonly at: number; readonly nextAt: number } {
    const sorted = [...fields].sort((a, b) => a.tag - b.tag);
    const bytes = new Uint8Array(2 + sorted.length * 12 + 4);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, sorted.length, true);
    sorted.forEach(({ tag, type, count, value }, i) => {
      const entry = 2 + i * 12;
      view.setUint16(entry, tag, true);
      view.setUint16(entry + 2, type, true);
      view.setUint32(entry + 4, count, true);
      if (value.length <= 4) bytes.set(value, entry + 8);
      else view.setUint32(entry + 8, this.append(value), true);
    });
    const at = this.append(bytes);
    return { at, nextAt: at + bytes.length - 4 };
  }

  join(): Uint8Array<ArrayBuffer> {
    return joinBytes(this.#pieces);
  }
}

function longs(tag: number, values: readonly number[]): TiffField {
  const value = new Uint8Array(values.length * 4);
  const view = new DataView(value.buffer);
  for (const [i, each] of values.entries()) view.setUint32(i * 4, each, true);
  return { tag, type: LONG, count: values.length, value };
}

function shorts(tag: number, values: readonly number[]): TiffField {
  const value = new Uint8Array(values.length * 2);
  const view = new DataView(value.buffer);
  for (const [i, each] of values.entries()) view.setUint16(i * 2, each, true);
  return { tag, type: 3, count: values.length, value };
}

const HEADER = new Uint8Array([0x49, 0x49, 42, 0, 0, 0, 0, 0]);

function finish(
  writer: TiffWriter,
  directories: readonly { readonly at: number; readonly nextAt: number }[],
): Uint8Array<ArrayBuffer> {
  const bytes = writer.join();
  const view = new DataView(bytes.buffer);
  for (const [i, { at }] of directories.entries())
    view.setUint32(i === 0 ? 4 : directories[i - 1]!.nextAt, at, true);
  return bytes;
}

/**
 * Makes one TIFF of newly coded pages (each a TIFF of one page in strips), with all descriptive tags of the source's
 * pages: EXIF, GPS, IPTC, XMP, profile, resolution, orientation, private ones. Pure.
 */
export function withTagsOf(source: Uint8Array, codedPages: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const reader = new TiffReader(source);
  const sourcePages = reader.pages();
  const writer = new TiffWriter();
  writer.append(HEADER);
  const directories = codedPages.map((coded, page) => {
    const codedFields = new TiffReader(coded).pages()[0]!;
    const fields = [...(sourcePages[page]?.values() ?? [])]
      .filter(({ tag, type }) => !CODING.has(tag) && !OTHER_PICTURES.has(tag) && type <= 13)
      .map((field) => (CHILD_TAGS.has(field.tag) ? copyChildren(reader, field, writer) : field));
    for (const field of codedFields.values())
      if (CODING.has(field.tag) && field.tag !== STRIP_OFFSETS) fields.push(field);
    const counts = integers(codedFields.get(STRIP_BYTE_COUNTS));
    const offsets = integers(codedFields.get(STRIP_OFFSETS)).map((at, i) =>
      writer.append(coded.subarray(at, at + counts[i]!)),
    );
    return writer.directory([...fields, longs(STRIP_OFFSETS, offsets)]);
  });
  return finish(writer, directories);
}

/** EXIF within a page, interoperability within EXIF; deeper ones are a damaged file's circles. */
const DEEPEST = 2;

function copyChildren(reader: TiffReader, field: TiffField, writer: TiffWriter, depth = 1): TiffField {
  const offsets = reader.children(field).map((child: TiffDirectory) => {
    const fields = [...child.values()]
      .filter(({ type }) => type <= 13)
      .filter(({ tag }) => depth < DEEPEST || !CHILD_TAGS.has(tag))
      .map((each) => (CHILD_TAGS.has(each.tag) ? copyChildren(reader, each, writer, depth + 1) : each));
    return writer.directory(fields).at;
  });
  return longs(field.tag, offsets);
}

/** Pixels of ink (cyan, magenta, yellow, black, perhaps alpha) as an uncompressed TIFF, for coders that know no other
 *  way to be told what the channels mean. Pure. */
export function inkTiff(
  size: { readonly width: number; readonly height: number; readonly channels: number; readonly bits: 8 | 16 },
  samples: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const writer = new TiffWriter();
  writer.append(HEADER);
  const at = writer.append(samples);
  const SEPARATED = 5;
  const fields = [
    longs(256, [size.width]),
    longs(257, [size.height]),
    shorts(
      258,
      Array.from({ length: size.channels }, () => size.bits),
    ),
    shorts(259, [1]),
    shorts(262, [SEPARATED]),
    longs(STRIP_OFFSETS, [at]),
    shorts(277, [size.channels]),
    longs(278, [size.height]),
    longs(STRIP_BYTE_COUNTS, [samples.length]),
    shorts(284, [1]),
    ...(size.channels > 4 ? [shorts(338, [2])] : []),
  ];
  return finish(writer, [writer.directory(fields)]);
}
