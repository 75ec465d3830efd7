import { z } from "zod";
import { markSchema } from "./mark.ts";

/** The request that asked for a mark (spec.md G5); its trace is its own, and `traceId` of the job is the picture's. */
const causeSchema = z.object({
  requestId: z.string(),
  traceparent: z.string(),
  tracestate: z.string(),
  baggage: z.string(),
});

/** What the queue carries to a worker (spec.md S4). */
export const markJobSchema = z.object({
  mediaId: z.string().min(1),
  owner: z.string().min(1),
  bucket: z.string().min(1),
  objectKey: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.number().int().positive(),
  mark: markSchema,
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  cause: causeSchema.optional(),
});
export type MarkJob = z.infer<typeof markJobSchema>;

/** The queue's idempotence key: one picture, one mark, one try at it by a person. `version` is the row's version
 *  with which the job was written. */
export function markJobKey(mediaId: string, version: number): string {
  return `mark:${mediaId}:${version}`;
}
