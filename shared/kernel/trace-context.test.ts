import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { acceptBaggage, acceptTracestate, formatTraceparent, parseTraceparent } from "./trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("traceparent", () => {
  test("of version 00 is read and written again as it is", () => {
    const text = `00-${TRACE}-${SPAN}-01`;
    expect(formatTraceparent(parseTraceparent(text)!)).toBe(text);
  });

  test("of a later version counts by its first fields", () => {
    for (const tail of ["", "-what-the-future-brings"])
      expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01${tail}`)).toEqual({
        traceId: TRACE,
        spanId: SPAN,
        flags: "01",
      });
  });

  test.each([
    ["version ff", `ff-${TRACE}-${SPAN}-01`],
    ["a trace of zeros", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["a span of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["capitals", `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ["version 00 with more fields", `00-${TRACE}-${SPAN}-01-more`],
    ["a later version that runs on", `01-${TRACE}-${SPAN}-01more`],
    ["nothing", ""],
  ])("that is none: %s", (_why, text) => {
    expect(parseTraceparent(text)).toBeNull();
  });
});

describe("tracestate", () => {
  test.each([
    ["one member", "vendor=a b", "vendor=a b"],
    ["a tenant's key, empty members and space around", " \t1a@sys=1 ,, b=2\t", "1a@sys=1,b=2"],
    ["a key in capitals", "Vendor=1", ""],
    ["a key twice", "a=1,a=2", ""],
    ["an equals sign in the value", "a=1=2", ""],
    ["no value", "a=", ""],
    ["33 members", Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(","), ""],
    ["32 members", Array.from({ length: 32 }, (_, n) => `k${n}=1`).join(","), undefined],
    [
      "large members go before the others",
      `big=${"x".repeat(250)},b=1,huge=${"y".repeat(256)},c=2`,
      "b=1,c=2",
    ],
  ])("%s", (_what, text, accepted) => {
    expect(acceptTracestate(text)).toBe(accepted ?? text);
  });
});

describe("baggage", () => {
  test.each([
    ["properties and space", "a = 1 ; p ; q=2,b=%20", "a = 1 ; p ; q=2,b=%20"],
    ["only the members that are well-formed", 'a=1,b="2",c d=3,e=4', "a=1,e=4"],
    ["64 members at most", Array.from({ length: 70 }, (_, n) => `k${n}=1`).join(","), undefined],
  ])("%s", (_what, text, accepted) => {
    expect(acceptBaggage(text)).toBe(accepted ?? text.split(",").slice(0, 64).join(","));
  });

  test("ends at 8,192 characters, between two members", () => {
    const text = Array.from({ length: 60 }, (_, n) => `k${n}=${"v".repeat(200)}`).join(",");
    const accepted = acceptBaggage(text);
    expect(accepted.length).toBeLessThanOrEqual(8_192);
    expect(text.startsWith(`${accepted},`)).toBe(true);
  });
});

test("what is accepted is accepted again as it is, and can stand in a header", () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab1=,;@ \t"\\é\n-_*/%') });
  fc.assert(
    fc.property(text, (any) => {
      for (const accept of [acceptTracestate, acceptBaggage]) {
        const accepted = accept(any);
        expect(accept(accepted)).toBe(accepted);
        expect(accepted).toMatch(/^[\x20-\x7e\t]*$/);
      }
    }),
  );
});
