import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";

/** Node's headers as `fetch` knows them; HTTP/2's pseudo headers are none. */
export function nodeHeaderToWebHeader(headers: IncomingHttpHeaders): Headers {
  const web = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    if (Array.isArray(value)) for (const each of value) web.append(name, each);
    else web.append(name, value);
  }
  return web;
}

/** Sets each of `headers` in `into`, its name after `prefix`. */
export function copyHeaders(headers: Headers | null, into: OutgoingHttpHeaders, prefix = ""): void {
  headers?.forEach((value, name) => {
    const known = into[prefix + name];
    // Only `set-cookie` comes more than once.
    into[prefix + name] =
      known === undefined || name !== "set-cookie" ? value : [known, value].flat().map(String);
  });
}
