import { AppError } from "#kernel/errors.ts";

/** Whose request it is and what their token allows (spec.md S10). */
export interface Caller {
  /** Owner of rows and objects. */
  readonly user: string;
  readonly bucket: string;
  /** Ends with `/`: `raw/<user>/`. */
  readonly objectKeyPrefix: string;
  /** Bytes a single picture may have. */
  readonly maxSize: number;
}

/** Users become a part of object keys; nothing that a path, a URL or a policy reads otherwise may be in them. */
export const USER_PATTERN = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export function rawPrefix(user: string): string {
  return `raw/${user}/`;
}

/** Holds one object against the token's limits; done when it is signed and again when it is completed.
 *  @throws AppError `permission_denied`, `upload.too_large` */
export function assertAllowed(
  caller: Caller,
  object: { readonly bucket: string; readonly key: string; readonly size: number },
): void {
  if (object.bucket !== caller.bucket || !object.key.startsWith(caller.objectKeyPrefix))
    throw new AppError("permission_denied", "This token does not allow this object.", {
      details: { bucket: object.bucket, key: object.key },
    });
  if (object.size > caller.maxSize)
    throw new AppError(
      "upload.too_large",
      `The file has ${object.size} bytes; at most ${caller.maxSize} are allowed.`,
      { details: { size: object.size, maxSize: caller.maxSize } },
    );
}
