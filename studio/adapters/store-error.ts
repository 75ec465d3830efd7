import { AppError } from "#kernel/errors.ts";

/** What a refused PUT means: by the status first, then by the S3 error code in the XML body. Pure. */
export function storeError(status: number, body: string): AppError {
  const code = /<Code>([^<]{1,100})<\/Code>/.exec(body)?.[1] ?? "";
  const message = /<Message>([^<]{1,500})<\/Message>/.exec(body)?.[1] ?? "";
  const details = { status, storeCode: code };
  if (status === 503 || status === 429)
    return new AppError("store.slow_down", "The store asks for fewer requests. Platemark slows down.", {
      retry: "backoff",
      details,
    });
  if (code === "RequestTimeTooSkewed")
    return new AppError(
      "upload.clock_skew",
      "The clocks of this computer, the server and the store do not agree. Set them by a time server.",
      { details },
    );
  // MinIO and AWS answer 403 AccessDenied with this message; temporary credentials that ran out are a 400.
  if (code === "ExpiredToken" || (status === 403 && /expired/i.test(message)))
    return new AppError("upload.expired_url", "The upload link has expired.", { retry: "reauth", details });
  if (code === "NoSuchUpload" || (status === 404 && code !== "NoSuchBucket"))
    return new AppError("upload.gone", "The store has forgotten this upload. Import the picture again.", {
      details,
    });
  if (/^(BadDigest|InvalidDigest|XAmzContentChecksumMismatch|XAmzContentSHA256Mismatch)$/.test(code))
    return new AppError(
      "upload.checksum_mismatch",
      "The store received other bytes than were read from the file. Import it again.",
      { details },
    );
  if (status === 507)
    return new AppError("store.refused", "The store is full. Make room there, and import again.", {
      details,
    });
  if (status >= 500 || status === 408 || code === "RequestTimeout" || code === "IncompleteBody")
    return new AppError(
      "store.unreachable",
      "The store could not take the file, in several tries. Import it again when the store is well.",
      {
        retry: "backoff",
        details,
      },
    );
  return new AppError(
    "store.refused",
    `The store refuses the file (${code || `status ${status}`}). Check the store's access rights and free space.`,
    { details },
  );
}
