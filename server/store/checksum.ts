import { createHash } from "node:crypto";
import { Crc32, Crc32c, Crc64Nvme, type RunningChecksum } from "./crc.ts";
import { CrcCombiner } from "./crc-combine.ts";
import { S3Error } from "./s3-error.ts";

export const CHECKSUM_ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];
/** Of a multipart upload: a checksum of the parts' checksums, or of the bytes. */
export type ChecksumType = "COMPOSITE" | "FULL_OBJECT";

/** A checksum as it is kept and answered. */
export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64, with `-N` behind it when composite. */
  readonly value: string;
  readonly type: ChecksumType;
}

const BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** The element of a checksum in XML, for example `ChecksumCRC32`. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`;
}

/** @throws S3Error `InvalidArgument`. */
export function parseAlgorithm(text: string): ChecksumAlgorithm {
  const upper = text.toUpperCase();
  const found = CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === upper);
  if (!found)
    throw new S3Error("InvalidArgument", {
      message: `Checksum algorithm provided is unsupported. Use one of ${CHECKSUM_ALGORITHMS.join(", ")}.`,
    });
  return found;
}

export function startChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case "CRC32":
      return new Crc32();
    case "CRC32C":
      return new Crc32c();
    case "CRC64NVME":
      return new Crc64Nvme();
    case "SHA1":
    case "SHA256": {
      const hash = createHash(algorithm.toLowerCase());
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
    }
  }
}

/** What a client says its body's checksum is: at once in a header, or later in a trailer (`value` undefined). */
export interface AnnouncedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: string | undefined;
}

/** @throws S3Error `InvalidRequest` for more than one, or a value that is none. */
export function announcedChecksum(headers: Readonly<Record<string, string>>): AnnouncedChecksum | null {
  const found: AnnouncedChecksum[] = [];
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const name = checksumHeader(algorithm);
    const value = headers[name];
    if (value !== undefined) found.push({ algorithm, value: checkedValue(algorithm, value) });
    else if (trailerNames(headers).includes(name)) found.push({ algorithm, value: undefined });
  }
  if (found.length > 1)
    throw new S3Error("InvalidRequest", { message: "Expecting a single x-amz-checksum- header" });
  return found[0] ?? null;
}

/** @throws S3Error `InvalidRequest` when it is not base64 of the right length. */
export function checkedValue(algorithm: ChecksumAlgorithm, value: string): string {
  const bytes = Buffer.from(value, "base64");
  if (bytes.length !== BYTES[algorithm] || bytes.toString("base64") !== value)
    throw new S3Error("InvalidRequest", {
      message: `Value for ${checksumHeader(algorithm)} header is invalid.`,
    });
  return value;
}

/** The type an upload gets that names only an algorithm. */
export function defaultType(algorithm: ChecksumAlgorithm): ChecksumType {
  return algorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE";
}

/** The checksum of a completed multipart upload from its parts' checksums. */
export function combineParts(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly { readonly checksum: string; readonly size: number }[],
): StoredChecksum {
  if (type === "COMPOSITE") {
    const outer = startChecksum(algorithm);
    for (const part of parts) outer.update(Buffer.from(part.checksum, "base64"));
    return { algorithm, type, value: `${outer.digest().toString("base64")}-${parts.length}` };
  }
  const combiner = combinerOf(algorithm);
  const [first, ...rest] = parts;
  let whole: Buffer = Buffer.from(first!.checksum, "base64");
  for (const part of rest) whole = combiner.combine(whole, Buffer.from(part.checksum, "base64"), part.size);
  return { algorithm, type, value: whole.toString("base64") };
}

function combinerOf(algorithm: ChecksumAlgorithm): CrcCombiner {
  switch (algorithm) {
    case "CRC32":
      return new CrcCombiner(32, 0xedb88320n);
    case "CRC32C":
      return new CrcCombiner(32, 0x82f63b78n);
    case "CRC64NVME":
      return new CrcCombiner(64, 0x9a6c9329ac4bc9b5n);
    default:
      throw new S3Error("InvalidRequest", {
        message: `The FULL_OBJECT checksum type cannot be used with the ${algorithm} checksum algorithm.`,
      });
  }
}

function trailerNames(headers: Readonly<Record<string, string>>): string[] {
  return (headers["x-amz-trailer"] ?? "").split(",").map((name) => name.trim().toLowerCase());
}
