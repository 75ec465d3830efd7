import type { ServerResponse } from "node:http";
import type { S3Error } from "./s3-error.ts";
import type { S3Request } from "./s3-request.ts";
import { type XmlValue, xmlDocument } from "./xml-writer.ts";

export type ResponseHeaders = Readonly<Record<string, string | number | undefined>>;

/** Sets headers; those that are `undefined` are left out, text is sent as UTF-8. */
export function setHeaders(response: ServerResponse, headers: ResponseHeaders): void {
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) response.setHeader(name, headerText(String(value)));
}

export function sendEmpty(request: S3Request, status: number, headers: ResponseHeaders = {}): void {
  setHeaders(
    request.response,
    status === 204 || status === 304 ? headers : { "content-length": 0, ...headers },
  );
  request.response.writeHead(status);
  request.response.end();
}

export function sendXml(
  request: S3Request,
  root: string,
  content: XmlValue,
  options: { readonly headers?: ResponseHeaders; readonly namespace?: boolean } = {},
): void {
  const body = Buffer.from(xmlDocument(root, content, options));
  setHeaders(request.response, {
    ...options.headers,
    "content-type": "application/xml",
    "content-length": body.length,
  });
  request.response.writeHead(200);
  request.response.end(body);
}

/** A text a client gave, as it gave it. */
export function sendStored(request: S3Request, body: string, contentType: string): void {
  const bytes = Buffer.from(body);
  setHeaders(request.response, { "content-type": contentType, "content-length": bytes.length });
  request.response.writeHead(200);
  request.response.end(bytes);
}

/** The error document; a HEAD gets the status alone. */
export function sendError(
  response: ServerResponse,
  error: S3Error,
  about: {
    readonly id: string;
    readonly method: string;
    readonly path: string;
    readonly bucketName: string | null;
    readonly key: string | null;
  },
): void {
  setHeaders(response, error.headers);
  if (about.method === "HEAD" || error.status === 304) {
    if (error.status !== 304) response.setHeader("content-length", 0);
    response.writeHead(error.status);
    response.end();
    return;
  }
  const body = Buffer.from(
    xmlDocument(
      "Error",
      {
        Code: error.code,
        Message: error.message,
        Key: about.key,
        BucketName: about.bucketName,
        Resource: about.path,
        RequestId: about.id,
      },
      { namespace: false },
    ),
  );
  setHeaders(response, { "content-type": "application/xml", "content-length": body.length });
  response.writeHead(error.status);
  response.end(body);
}

/** Node writes header strings as Latin-1: UTF-8 bytes go in as such, line breaks cannot. */
function headerText(text: string): string {
  const flat = text.replace(/[\r\n\0]/g, " ");
  for (let index = 0; index < flat.length; index++)
    if (flat.charCodeAt(index) > 127) return Buffer.from(flat, "utf8").toString("latin1");
  return flat;
}
