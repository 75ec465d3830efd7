const KIB = 1024;
const MIB = 1024 * KIB;

/** Sizes in bytes. From the S3 user guide ("Multipart upload limits", "Working with object metadata"), and our own for XML. */
export const LIMITS = {
  /** UTF-8. */
  keyBytes: 1024,
  /** Between two slashes, as on MinIO, so that what is stored here can move there. */
  keySegmentBytes: 255,
  objectBytes: 5 * 1024 * 1024 * MIB,
  singlePutBytes: 5 * 1024 * MIB,
  partBytes: 5 * 1024 * MIB,
  /** Of every part but the last. */
  minPartBytes: 5 * MIB,
  parts: 10_000,
  /** Names and values of `x-amz-meta-*` together. */
  metadataBytes: 2 * KIB,
  headerBytes: 32 * KIB,
  /** Complete with 10,000 parts and two checksums each, batch delete with 1000 keys. */
  xmlBytes: 4 * MIB,
  policyBytes: 20 * KIB,
  batchDelete: 1000,
  listPage: 1000,
  tags: 10,
  tagKeyChars: 128,
  tagValueChars: 256,
  configurationRules: 100,
} as const;
