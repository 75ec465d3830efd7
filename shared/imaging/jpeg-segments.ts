import { joinBytes } from "./join-bytes.ts";

/** One marker segment in front of a JPEG's entropy-coded data. Offsets in bytes, `end` exclusive. */
export interface JpegSegment {
  /** The marker's second byte: 0xe0 is APP0, 0xfe is COM. */
  readonly marker: number;
  /** Of the 0xff. */
  readonly start: number;
  /** Of the first byte behind the length field. */
  readonly payload: number;
  readonly end: number;
}

const SOS = 0xda;

/** The segments from behind SOI to the first SOS, SOS included. Stops where the file is damaged. Pure. */
export function jpegSegments(bytes: Uint8Array): JpegSegment[] {
  const segments: JpegSegment[] = [];
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) {
      // Stray bytes between segments: decoders pass over them, so do we.
      at = bytes.indexOf(0xff, at);
      if (at < 0) break;
      continue;
    }
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd9)) {
      at += 2;
      continue;
    }
    const end = at + 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (end > bytes.length) break;
    segments.push({ marker, start: at, payload: at + 4, end });
    if (marker === SOS) break;
    at = end;
  }
  return segments;
}

/** The file without what lies between the segments of its head, which decoders pass over and warn of. Pure. */
export function withoutStrayBytes(bytes: Uint8Array): Uint8Array {
  const segments = jpegSegments(bytes);
  const isWhole = segments.every(({ start }, i) => start === (segments[i - 1]?.end ?? 2));
  const last = segments.at(-1);
  if (isWhole || last?.marker !== SOS) return bytes;
  const head = segments.map(({ start, end }) => bytes.subarray(start, end));
  return joinBytes([bytes.subarray(0, 2), ...head, bytes.subarray(last.end)]);
}

/** Start of frame: how the picture is coded (ITU-T T.81, B.2.2). */
export interface JpegFrame {
  /** SOF's second byte: 0xc0 baseline, 0xc1 extended, 0xc2 progressive; others are rare. */
  readonly marker: number;
  /** Bits a sample. */
  readonly precision: number;
  readonly width: number;
  readonly height: number;
  readonly components: readonly {
    readonly horizontal: number;
    readonly vertical: number;
    readonly table: number;
  }[];
}

export function jpegFrame(bytes: Uint8Array, segments: readonly JpegSegment[]): JpegFrame | null {
  const segment = segments.find(
    ({ marker }) => marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc,
  );
  if (!segment || segment.end - segment.payload < 6) return null;
  const at = segment.payload;
  const components = [];
  for (let i = 0; i < bytes[at + 5]! && at + 8 + i * 3 < segment.end; i++) {
    const sampling = bytes[at + 7 + i * 3]!;
    components.push({ horizontal: sampling >> 4, vertical: sampling & 15, table: bytes[at + 8 + i * 3]! });
  }
  return {
    marker: segment.marker,
    precision: bytes[at]!,
    height: (bytes[at + 1]! << 8) | bytes[at + 2]!,
    width: (bytes[at + 3]! << 8) | bytes[at + 4]!,
    components,
  };
}

const APP0 = 0xe0;
const APP2 = 0xe2;
const APP14 = 0xee;
const COM = 0xfe;

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/**
 * True for what describes the picture rather than its coding: APPn and COM. Not the Adobe marker, which says how
 * colours are coded, and not the multi-picture index (CIPA DC-007), whose further pictures are not carried over.
 */
function isDescriptive(bytes: Uint8Array, { marker, payload }: JpegSegment): boolean {
  if (marker === COM) return true;
  if (marker < APP0 || marker > 0xef) return false;
  if (marker === APP14 && startsWith(bytes, payload, "Adobe")) return false;
  return !(marker === APP2 && startsWith(bytes, payload, "MPF\0"));
}

/**
 * Gives a newly coded JPEG the APPn and COM segments of its source, byte for byte and in their order, instead of its
 * own. The coder's Adobe marker stays, because it says how the new data are to be read. Pure.
 */
export function withSegmentsOf(source: Uint8Array, coded: Uint8Array): Uint8Array {
  const kept = jpegSegments(source).filter((segment) => isDescriptive(source, segment));
  const codedSegments = jpegSegments(coded);
  const dropped = codedSegments.filter((segment) => isDescriptive(coded, segment));
  const head = [coded.subarray(0, 2), ...kept.map(({ start, end }) => source.subarray(start, end))];
  const body: Uint8Array[] = [];
  let at = 2;
  for (const { start, end } of dropped) {
    body.push(coded.subarray(at, start));
    at = end;
  }
  body.push(coded.subarray(at));
  return joinBytes([...head, ...body]);
}
