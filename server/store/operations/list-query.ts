import { uriEncodePath } from "../../sigv4/uri-encoding.ts";
import { LIMITS } from "../limits.ts";
import { S3Error } from "../s3-error.ts";
import type { S3Request } from "../s3-request.ts";

/** A query value from 0 to 2,147,483,647. @throws S3Error `InvalidArgument`. */
export function wholeNumber(text: string | undefined, name: string, fallback: number): number {
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!/^\d{1,10}$/.test(text) || value > 2_147_483_647)
    throw new S3Error("InvalidArgument", {
      message: `Argument ${name} must be an integer between 0 and 2147483647`,
    });
  return value;
}

/** What all listings have in common. */
export interface ListQuery {
  readonly prefix: string;
  readonly delimiter: string;
  /** As it was asked for, for the answer. */
  readonly asked: number;
  /** Lines of a page. */
  readonly limit: number;
  /** Writes a key as `encoding-type` asks for. */
  readonly encode: (text: string) => string;
  readonly encodingType: string | undefined;
}

/** @throws S3Error `InvalidArgument`. */
export function listQuery(request: S3Request, limitName: "max-keys" | "max-uploads"): ListQuery {
  const { query } = request;
  const encodingType = query.get("encoding-type");
  if (encodingType !== undefined && encodingType.toLowerCase() !== "url")
    throw new S3Error("InvalidArgument", { message: "Invalid Encoding Method specified in Request" });
  const argument = limitName === "max-keys" ? "maxKeys" : "max-uploads";
  const asked = wholeNumber(query.get(limitName), argument, LIMITS.listPage);
  return {
    prefix: query.get("prefix") ?? "",
    delimiter: query.get("delimiter") ?? "",
    asked,
    limit: Math.min(asked, LIMITS.listPage),
    encode: encodingType === undefined ? (text) => text : uriEncodePath,
    encodingType,
  };
}
