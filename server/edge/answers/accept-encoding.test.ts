import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseEncoding } from "./accept-encoding.ts";

describe("Accept-Encoding", () => {
  test.each([
    ["gzip, deflate, br, zstd", "br"],
    ["gzip", "gzip"],
    ["GZIP", "gzip"],
    ["gzip;q=1.0, br;q=0.5", "gzip"],
    ["br;q=0.2, gzip;q=0.8, *;q=0.1", "gzip"],
    ["br ; q=0.9 , gzip; Q=0.9", "br"],
    ["*", "br"],
    ["*;q=0.5, br;q=0", "gzip"],
    ["gzip;q=0", null],
    ["*;q=0", null],
    ["identity", null],
    ["identity;q=1, gzip;q=0.5", null],
    ["identity;q=0.5, gzip;q=1", "gzip"],
    ["identity;q=0, gzip;q=0.1", "gzip"],
    ["", null],
    ["br;q=2, gzip;q=x, deflate", null],
    ["brr, gzip,", "gzip"],
    [undefined, null],
  ])("%j → %j", (accepted, chosen) => {
    expect(chooseEncoding(accepted, ["br", "gzip"])).toBe(chosen);
  });

  test("never chooses what was not offered, or what the client refuses", () => {
    const item = fc.tuple(
      fc.constantFrom("br", "gzip", "identity", "*", "zstd"),
      fc.constantFrom("", ";q=0", ";q=1", ";q=0.5"),
    );
    fc.assert(
      fc.property(fc.array(item, { maxLength: 6 }), (items) => {
        const accepted = items.map(([name, weight]) => name + weight).join(", ");
        const chosen = chooseEncoding(accepted, ["br", "gzip"]);
        if (chosen === null) return;
        expect(["br", "gzip"]).toContain(chosen);
        const last = items.findLast(([name]) => name === chosen) ?? items.findLast(([name]) => name === "*");
        expect(last?.[1]).not.toBe(";q=0");
        expect(last).toBeDefined();
      }),
    );
  });
});
