import type { StoredChecksum } from "./checksum.ts";

/** What is kept about an object besides its bytes, as one JSON column. */
export interface ObjectAttributes {
  readonly contentType: string;
  /** Headers answered as they came: `cache-control`, `content-disposition`, `content-encoding`, `content-language`, `expires`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksum: StoredChecksum | null;
}

export type Tag = readonly [key: string, value: string];

/** One version of one key. */
export interface StoredVersion {
  /** Grows with every write. */
  readonly id: number;
  readonly bucket: number;
  readonly key: string;
  /** `null` as text where versioning was not on. */
  readonly version: string;
  readonly latest: boolean;
  /** A delete marker has no bytes. */
  readonly marker: boolean;
  readonly size: number;
  readonly etag: string;
  readonly modifiedMs: number;
  readonly attributes: ObjectAttributes;
  readonly tags: readonly Tag[];
  /** The file of an object that is not multipart. */
  readonly blob: string | null;
}

/** A run of an object's bytes in one file. */
export interface Segment {
  readonly partNumber: number;
  readonly size: number;
  readonly blob: string | null;
}

/** What a write puts under a key. */
export interface NewObject {
  readonly size: number;
  readonly etag: string;
  readonly attributes: ObjectAttributes;
  readonly tags: readonly Tag[];
  /** One segment with part number 0 for an object that is not multipart. */
  readonly segments: readonly Segment[];
}

export interface Bucket {
  readonly id: number;
  readonly name: string;
  readonly createdMs: number;
  readonly versioning: "" | "Enabled" | "Suspended";
  /** As the client sent it. */
  readonly policy: string | null;
  readonly cors: string | null;
  readonly lifecycle: string | null;
}

export const EMPTY_ATTRIBUTES: ObjectAttributes = {
  contentType: "",
  headers: {},
  metadata: {},
  checksum: null,
};
