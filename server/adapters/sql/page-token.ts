import { AppError } from "#kernel/errors.ts";

/** An opaque token for "what comes after this ordinal". */
export function toPageToken(ordinal: number): string {
  return Buffer.from(`1:${ordinal}`).toString("base64url");
}

/** @throws AppError `invalid_argument` when it is none of ours. */
export function fromPageToken(token: string): number {
  const match = /^1:(\d{1,15})$/.exec(Buffer.from(token, "base64url").toString());
  if (!match)
    throw new AppError("invalid_argument", "The page token is not one that a page before has answered.");
  return Number(match[1]);
}
