/** The place in a trace that something was caused from: W3C Trace Context and Baggage, as their headers carry them. */
export interface TraceContext {
  readonly traceparent: string;
  /** "": none. */
  readonly tracestate: string;
  /** Callers' own fields; handed on, never read here and never logged. "": none. */
  readonly baggage: string;
}

/** The request that caused some work, as it goes on to queue messages, objects and other services (spec.md G5). */
export interface Cause extends TraceContext {
  readonly requestId: string;
}

export interface Traceparent {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** Two hex digits; bit 0: sampled. */
  readonly flags: string;
}

/** Version 00 ends after the flags; of later versions the same fields count (W3C Trace Context, section 4.3). */
const TRACEPARENT =
  /^(?:00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})|(?!00|ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-.*))$/;

/** `null` for what is none. Pure. */
export function parseTraceparent(text: string): Traceparent | null {
  const found = TRACEPARENT.exec(text);
  if (!found) return null;
  const [, traceId = found[4]!, spanId = found[5]!, flags = found[6]!] = found;
  return { traceId, spanId, flags };
}

/** Pure. */
export function formatTraceparent({ traceId, spanId, flags }: Traceparent): string {
  return `00-${traceId}-${spanId}-${flags}`;
}

/** W3C Trace Context, section 3.3.1.1: at most 32 members; section 3.3.1.5: 512 characters are enough. */
const MAX_STATE_MEMBERS = 32;
const MAX_STATE_LENGTH = 512;
/** Section 3.3.1.5: entries above this go first. */
const LARGE_STATE_MEMBER = 128;
const STATE_KEY = /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})$/;
const STATE_VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/** A caller's `tracestate` as it may go on: shortened to the limits, "" for one that is malformed. Pure. */
export function acceptTracestate(text: string): string {
  const members = membersOf(text);
  const keys = new Set<string>();
  for (const member of members) {
    const split = member.indexOf("=");
    const key = member.slice(0, Math.max(0, split));
    if (!STATE_KEY.test(key) || !STATE_VALUE.test(member.slice(split + 1)) || keys.has(key)) return "";
    keys.add(key);
  }
  if (members.length > MAX_STATE_MEMBERS) return "";
  if (members.join(",").length <= MAX_STATE_LENGTH) return members.join(",");
  return fitting(
    members.filter((member) => member.length <= LARGE_STATE_MEMBER),
    MAX_STATE_LENGTH,
  );
}

/** W3C Baggage, section 3.3.2. */
const MAX_BAGGAGE_MEMBERS = 64;
const MAX_BAGGAGE_LENGTH = 8_192;
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const BAGGAGE_VALUE = "[\\x21\\x23-\\x2b\\x2d-\\x3a\\x3c-\\x5b\\x5d-\\x7e]*";
const BAGGAGE_MEMBER = new RegExp(
  `^${TOKEN}[ \\t]*=[ \\t]*${BAGGAGE_VALUE}(?:[ \\t]*;[ \\t]*${TOKEN}(?:[ \\t]*=[ \\t]*${BAGGAGE_VALUE})?)*$`,
);

/** A caller's `baggage` as it may go on: its well-formed members, the first that fit the limits. Pure. */
export function acceptBaggage(text: string): string {
  if (text.length > 4 * MAX_BAGGAGE_LENGTH) return "";
  const members = membersOf(text).filter(
    (member) => member.length <= MAX_BAGGAGE_LENGTH && BAGGAGE_MEMBER.test(member),
  );
  return fitting(members.slice(0, MAX_BAGGAGE_MEMBERS), MAX_BAGGAGE_LENGTH);
}

/** The headers of a call that `cause` leads to; what is empty is left out. Pure. */
export function causeHeaders(cause: Cause): Readonly<Record<string, string>> {
  const { requestId, traceparent, tracestate, baggage } = cause;
  return {
    "x-request-id": requestId,
    traceparent,
    ...(tracestate !== "" && { tracestate }),
    ...(baggage !== "" && { baggage }),
  };
}

function membersOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((member) => member !== "");
}

/** The first members whose list is no longer than `most`. */
function fitting(members: readonly string[], most: number): string {
  let list = "";
  for (const member of members) {
    const longer = list === "" ? member : `${list},${member}`;
    if (longer.length > most) break;
    list = longer;
  }
  return list;
}
