/** What `encodeURIComponent` leaves as it is, and Signature V4 does not. */
const KEPT_TOO = /[!'()*]/g;

/** Percent-encodes as Signature V4 wants it: every UTF-8 byte but A-Z a-z 0-9 `-._~`, hexadecimal in upper case. */
export function uriEncode(text: string): string {
  if (/^[A-Za-z0-9\-._~]*$/.test(text)) return text;
  const encoded = encodeURIComponent(text.toWellFormed());
  return encoded.replace(KEPT_TOO, (kept) => `%${kept.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** `uriEncode`, but slashes stay: the form a key has in a path-style URL. */
export function uriEncodePath(path: string): string {
  return path.split("/").map(uriEncode).join("/");
}

/** Decodes `%XX`; `+` is a plus, as in RFC 3986. @throws URIError when the bytes are not UTF-8. */
export function uriDecode(text: string): string {
  return text.includes("%") ? decodeURIComponent(text) : text;
}

/** The name and value pairs of a raw query, decoded, in their order; `+` is a space, as S3 reads it.
 *  @throws URIError when an escape is malformed. */
export function parseQuery(rawQuery: string): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (const piece of rawQuery.split("&")) {
    if (piece === "") continue;
    const equals = piece.indexOf("=");
    const name = equals < 0 ? piece : piece.slice(0, equals);
    const value = equals < 0 ? "" : piece.slice(equals + 1);
    pairs.push([uriDecode(name.replaceAll("+", " ")), uriDecode(value.replaceAll("+", " "))]);
  }
  return pairs;
}

/** An encoded query in the canonical order: by encoded name, then by encoded value. */
export function canonicalQuery(pairs: Iterable<readonly [name: string, value: string]>): string {
  const encoded: { readonly name: string; readonly value: string }[] = [];
  for (const pair of pairs) encoded.push({ name: uriEncode(pair[0]), value: uriEncode(pair[1]) });
  encoded.sort((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : a.value < b.value ? -1 : a.value > b.value ? 1 : 0,
  );
  let query = "";
  for (const { name, value } of encoded) query += `${query && "&"}${name}=${value}`;
  return query;
}
