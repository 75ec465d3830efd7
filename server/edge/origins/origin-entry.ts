import { RE2JS } from "re2js";
import { AppError } from "#kernel/errors.ts";
import type { OriginEntry } from "../../services/ports/origin-control.ts";
import { parseOrigin } from "./origin.ts";

const MAX_PATTERN_LENGTH = 500;
/** Instructions of RE2's program: as many as Envoy takes by default. It may count twice as many where something is
 *  repeated often (`re2.max_program_size.error_level`). */
const MAX_PATTERN_SIZE = 100;
/** Hosts that nobody means. A pattern that matches one of them matches all. */
const STRANGERS = ["https://qzx7w.invalid", "http://qzx7w.invalid:61234", "https://qzx7w.jv3k.invalid"];
const SHAPE = /^(https?):\/\/(\*\.)?([^\s/?#@\\:*[\]]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?$/i;
const ADDRESS = /^\[|(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/;

/** Reads one origin of a list: exact, with `*.` before the host, or `null`. Hosts in other scripts become punycode.
 *  @throws AppError `invalid_argument` that says what is wrong with it. */
export function originEntry(text: string, credentials = false): OriginEntry {
  if (text === "null") {
    if (credentials) throw wrong(text, "pages without an origin of their own get no credentials");
    return { kind: "exact", value: "null", credentials: false };
  }
  if (text === "*") throw wrong(text, "not every origin can be allowed; name them");
  const parts = SHAPE.exec(text);
  if (!parts)
    throw wrong(text, "it is no origin: a scheme, a host and perhaps a port, as https://shop.example:8443");
  const [, scheme, star, writtenHost, port = ""] = parts;
  const host = asciiHost(text, writtenHost!);
  const origin = parseOrigin(`${scheme}://${host}${port}`);
  if (!origin) throw wrong(text, "it is no origin that a browser would send");
  if (star === undefined) return { kind: "exact", value: origin.text, credentials };
  if (ADDRESS.test(host)) throw wrong(text, "there is nothing below an address");
  if (!host.includes(".") && host !== "localhost")
    throw wrong(text, "below a top-level domain is everybody; name a domain of your own");
  return { kind: "wildcard", value: origin.text.replace("://", "://*."), credentials };
}

/** A regular expression (RE2) over the whole origin, as browsers write it.
 *  @throws AppError `invalid_argument` when it cannot be read, is too large, or matches strangers. */
export function patternEntry(pattern: string, credentials = false): OriginEntry {
  const compiled = compilePattern(pattern);
  if (STRANGERS.some((origin) => compiled.testExact(origin)))
    throw wrong(pattern, "it matches every origin; name the domain in it");
  return { kind: "pattern", value: pattern, credentials };
}

/** @throws AppError `invalid_argument` */
export function compilePattern(pattern: string): RE2JS {
  if (pattern.length === 0 || pattern.length > MAX_PATTERN_LENGTH)
    throw wrong(pattern.slice(0, 40), `a pattern has 1 to ${MAX_PATTERN_LENGTH} characters`);
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (cause) {
    throw wrong(pattern, cause instanceof Error ? cause.message : String(cause));
  }
  if (compiled.programSize() > MAX_PATTERN_SIZE) throw wrong(pattern, "it is too large; repeat less in it");
  return compiled;
}

/** An entry from data of unknown origin. @throws AppError `invalid_argument`. */
export function checkedEntry({ kind, value, credentials }: OriginEntry): OriginEntry {
  if (kind === "pattern") return patternEntry(value, credentials);
  const entry = originEntry(value, credentials);
  if (entry.kind !== kind)
    throw wrong(
      value,
      kind === "wildcard" ? "a wildcard begins with *. before the host" : "it has a wildcard",
    );
  return entry;
}

function asciiHost(text: string, host: string): string {
  let ascii: string;
  try {
    ascii = new URL(`http://${host}`).hostname;
  } catch {
    throw wrong(text, "its host is none");
  }
  // Of ASCII only what a browser would change by itself is changed here: case. `0x7f.1` is no way to write 127.0.0.1.
  const plain = /^[\x21-\x7e]+$/.test(host) && !host.startsWith("[");
  if (plain && ascii !== host.toLowerCase()) throw wrong(text, `browsers write this host as ${ascii}`);
  return ascii;
}

function wrong(text: string, why: string): AppError {
  return new AppError("invalid_argument", `The origin “${text}” cannot be in the list: ${why}.`, {
    details: { origin: text },
  });
}
