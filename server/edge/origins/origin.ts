/** An origin as a browser writes it, taken apart. Lower-case, without the scheme's own port. */
export interface Origin {
  readonly text: string;
  readonly scheme: "http" | "https";
  readonly host: string;
  /** `null`: the scheme's own. */
  readonly port: number | null;
}

/** Scheme, the longest host name (RFC 1035, section 2.3.4) and a port. */
export const MAX_ORIGIN_LENGTH = "https://".length + 254 + ":65535".length;
const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const ORIGIN = new RegExp(
  `^(https?)://((?:${LABEL}\\.)*${LABEL}\\.?|\\[[0-9a-f:.]{2,45}\\])(?::(0|[1-9][0-9]{0,4}))?$`,
);
/** Lower-casing must not make ASCII of what is none: the Kelvin sign becomes a k. */
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const OWN_PORT = { http: 80, https: 443 } as const;

/**
 * Reads an `Origin` header. Strict, because browsers are: no path, no user info, no escapes, hosts in ASCII (browsers
 * send punycode). `null` for anything else, the origin `null` included. Pure, linear in the length.
 */
export function parseOrigin(header: string): Origin | null {
  if (header.length > MAX_ORIGIN_LENGTH || !VISIBLE_ASCII.test(header)) return null;
  const parts = ORIGIN.exec(header.toLowerCase());
  if (!parts) return null;
  const scheme = parts[1] as "http" | "https";
  const host = parts[2]!;
  const given = parts[3] === undefined ? OWN_PORT[scheme] : Number(parts[3]);
  if (given > 65_535) return null;
  const port = given === OWN_PORT[scheme] ? null : given;
  return { text: `${scheme}://${host}${port === null ? "" : `:${port}`}`, scheme, host, port };
}

/** The origin of a `Referer` header: what stands before the path, which must be an origin by itself. Pure. */
export function refererOrigin(header: string): Origin | null {
  const origin = /^[^/?#]{1,8}\/\/[^/?#]*/.exec(header)?.[0];
  return origin === undefined ? null : parseOrigin(origin);
}
