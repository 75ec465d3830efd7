import { type IncomingMessage, ServerResponse } from "node:http";

/** What only the connection, or a proxy in front, may say; in a page's first message it is not believed. */
const NOT_FROM_PAGES =
  /^(?:host|origin|cookie|connection|upgrade|forwarded|via|referer|sec-.*|proxy-.*|x-forwarded-.*|x-auth-.*|x-envoy-.*|x-real-ip)$/;
const OF_THE_UPGRADE = /^(?:connection|upgrade|sec-websocket-.*|content-.*|transfer-encoding|te)$/;

/** The call as a request like any other: the upgrade's, with the headers that the first message names. */
export function callRequest(
  upgrade: IncomingMessage,
  headers: ReadonlyMap<string, string>,
): { readonly request: IncomingMessage; readonly response: ServerResponse } {
  const merged: Record<string, string | string[] | undefined> = {};
  for (const [name, value] of Object.entries(upgrade.headers))
    if (!OF_THE_UPGRADE.test(name)) merged[name] = value;
  for (const [name, value] of headers) if (!NOT_FROM_PAGES.test(name)) merged[name] = value;
  const request = Object.create(upgrade, {
    headers: { value: merged },
    method: { value: "POST" },
  }) as IncomingMessage;
  return { request, response: new ServerResponse(request) };
}
