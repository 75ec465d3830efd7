import { joinBytes } from "./join-bytes.ts";

export interface RiffChunk {
  readonly type: string;
  /** Of the payload. */
  readonly start: number;
  readonly end: number;
}

const FIRST_CHUNK = 12;
/** Of an `ANMF` payload: place, size and duration of the frame, in front of its own chunks. */
const FRAME_HEADER = 16;

/** RFC 9649, 2.3: chunks are padded to even length. */
export function riffChunks(bytes: Uint8Array, from = FIRST_CHUNK): RiffChunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: RiffChunk[] = [];
  for (let at = from; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    const end = Math.min(at + 8 + size, bytes.length);
    chunks.push({ type: String.fromCharCode(...bytes.subarray(at, at + 4)), start: at + 8, end });
    at += 8 + size + (size & 1);
  }
  return chunks;
}

function chunk(type: string, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length + (payload.length & 1));
  for (let i = 0; i < 4; i++) bytes[i] = type.charCodeAt(i);
  new DataView(bytes.buffer).setUint32(4, payload.length, true);
  bytes.set(payload, 8);
  return bytes;
}

/** True when all frames are coded without loss. */
export function isLosslessWebp(bytes: Uint8Array): boolean {
  const chunks = riffChunks(bytes);
  const frames = chunks.filter(({ type }) => type === "ANMF");
  if (frames.length === 0) return chunks.some(({ type }) => type === "VP8L");
  return frames.every(({ start, end }) =>
    riffChunks(bytes.subarray(start, end), FRAME_HEADER).some(({ type }) => type === "VP8L"),
  );
}

const FLAG = { ICCP: 0x20, ALPHA: 0x10, EXIF: 0x08, "XMP ": 0x04, ANIMATION: 0x02 } as const;

/** Gives a newly coded WebP the profile, EXIF, XMP and unknown chunks of its source, byte for byte. Pure. */
export function withRiffChunksOf(
  source: Uint8Array,
  coded: Uint8Array,
  picture: { readonly width: number; readonly height: number; readonly hasAlpha: boolean },
): Uint8Array {
  const CODING = new Set(["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF"]);
  const kept = riffChunks(source).filter(({ type }) => !CODING.has(type));
  if (kept.length === 0) return coded;
  const codedChunks = riffChunks(coded).filter(({ type }) => CODING.has(type) && type !== "VP8X");
  const animated = codedChunks.some(({ type }) => type === "ANIM");
  const extended = new Uint8Array(10);
  extended[0] =
    (picture.hasAlpha ? FLAG.ALPHA : 0) |
    (animated ? FLAG.ANIMATION : 0) |
    kept.reduce((flags, { type }) => flags | (FLAG[type as keyof typeof FLAG] ?? 0), 0);
  const view = new DataView(extended.buffer);
  view.setUint16(4, (picture.width - 1) & 0xffff, true);
  extended[6] = (picture.width - 1) >> 16;
  view.setUint16(7, (picture.height - 1) & 0xffff, true);
  extended[9] = (picture.height - 1) >> 16;
  const copy = (bytes: Uint8Array, { type, start, end }: RiffChunk) =>
    chunk(type, bytes.subarray(start, end));
  const body = joinBytes([
    chunk("VP8X", extended),
    ...kept.filter(({ type }) => type === "ICCP").map((each) => copy(source, each)),
    ...codedChunks.map((each) => copy(coded, each)),
    ...kept.filter(({ type }) => type !== "ICCP").map((each) => copy(source, each)),
  ]);
  const header = new Uint8Array(12);
  header.set(coded.subarray(0, 12));
  new DataView(header.buffer).setUint32(4, body.length + 4, true);
  return joinBytes([header, body]);
}
