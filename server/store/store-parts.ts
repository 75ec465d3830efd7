import type { Clock } from "#kernel/clock.ts";
import type { Random } from "#kernel/random.ts";
import type { BlobStore } from "./blob-store.ts";
import type { BucketIndex } from "./bucket-index.ts";
import type { Committer } from "./committer.ts";
import type { ObjectIndex } from "./object-index.ts";
import { NULL_VERSION } from "./object-index.ts";
import type { Bucket } from "./stored-object.ts";
import type { UploadIndex } from "./upload-index.ts";

/** What the operations work with. */
export interface StoreParts {
  readonly buckets: BucketIndex;
  readonly objects: ObjectIndex;
  readonly uploads: UploadIndex;
  readonly blobs: BlobStore;
  readonly committer: Committer;
  readonly clock: Clock;
  readonly random: Random;
  readonly region: string;
}

/** The version id that the next write to this bucket gets. */
export function nextVersion(bucket: Bucket, random: Random): string {
  return bucket.versioning === "Enabled" ? random.uuid() : NULL_VERSION;
}
