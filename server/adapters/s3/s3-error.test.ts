import { describe, expect, test } from "vitest";
import { s3Error } from "./s3-error.ts";

describe("a refusal of the store", () => {
  test.each([
    [503, "SlowDown", "store.slow_down", "backoff"],
    [503, "", "store.slow_down", "backoff"],
    [429, "", "store.slow_down", "backoff"],
    [503, "SomethingNew", "store.slow_down", "backoff"],
    [500, "InternalError", "store.unreachable", "backoff"],
    [502, "", "store.unreachable", "backoff"],
    [400, "RequestTimeout", "store.unreachable", "backoff"],
    [400, "ExpiredToken", "store.refused", "reauth"],
    [403, "RequestTimeTooSkewed", "upload.clock_skew", "backoff"],
    [404, "NoSuchUpload", "upload.gone", "never"],
    [404, "NoSuchKey", "not_found", "never"],
    [404, "", "not_found", "never"],
    [404, "NoSuchBucket", "store.refused", "never"],
    [403, "AccessDenied", "store.refused", "never"],
    [403, "SignatureDoesNotMatch", "store.refused", "never"],
    [412, "PreconditionFailed", "store.precondition_failed", "never"],
    [400, "BadDigest", "upload.checksum_mismatch", "never"],
    [400, "XAmzContentChecksumMismatch", "upload.checksum_mismatch", "never"],
    [400, "InvalidPart", "conflict", "never"],
    [400, "EntityTooSmall", "conflict", "never"],
    [507, "", "disk.full", "backoff"],
    [501, "NotImplemented", "store.refused", "never"],
  ])("%s %s means %s, retry %s", (status, code, expected, retry) => {
    const error = s3Error({ status, code, message: "text of theirs", operation: "PutObject", key: "raw/a" });
    expect(error).toMatchObject({ code: expected, retry, details: { status, s3Code: code, key: "raw/a" } });
  });
});
