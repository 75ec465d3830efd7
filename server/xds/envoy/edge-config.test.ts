import { describe, expect, test } from "vitest";
import { parseEdgeConfig } from "./edge-config.ts";

const release = { name: "stable", endpoints: [{ host: "10.0.0.11", port: 4410 }] };
const parse = (value: unknown) => parseEdgeConfig(JSON.stringify(value), "edge.json");

describe("a site's configuration", () => {
  test("needs no more than one release", () => {
    expect(parse({ releases: [release] })).toMatchObject({
      listen: { host: "127.0.0.1", port: 8080 },
      domains: ["*"],
      origins: [],
      releases: [{ weight: 1, endpoints: [{ weight: 1 }] }],
    });
  });

  test.each([
    ["no JSON", "{", /edge\.json is no valid JSON/],
    ["no release", { releases: [] }, /“releases”/],
    ["a word that means nothing", { releases: [release], relases: [] }, /relases/],
    ["a name twice", { releases: [release, release] }, /two releases have one name/],
    ["no weight", { releases: [{ ...release, weight: 0 }] }, /weight above 0/],
    ["a port that is none", { releases: [{ ...release, endpoints: [{ host: "a", port: 0 }] }] }, /port/],
    [
      "two host names",
      { releases: [{ ...release, endpoints: ["a", "b"].map((host) => ({ host, port: 1 })) }] },
      /addresses, or one host name/,
    ],
    [
      "an origin with a path",
      { releases: [release], origins: ["https://a.example/x"] },
      /origins: .*production\.0/,
    ],
    ["every origin", { releases: [release], origins: ["*"] }, /origins: .*production\.0/],
    [
      "an expression that Envoy would refuse",
      { releases: [release], origins: [{ pattern: "https://[a-z]{1,63}x{1,60}\\.example" }] },
      /too large/,
    ],
  ])("is refused with the place for %s", (_what, value, message) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    expect(() => parseEdgeConfig(text, "edge.json")).toThrowError(
      expect.objectContaining({ code: "config.invalid", message: expect.stringMatching(message) }),
    );
  });
});
