import { describe, expect, test } from "vitest";
import { type CorsRequest, decideCors, namedOrigin } from "./cors.ts";
import { originEntry } from "./origin-entry.ts";
import { createOriginList } from "./origin-list.ts";

const list = createOriginList([
  originEntry("https://shop.example"),
  originEntry("https://*.shop.example", true),
  originEntry("null"),
]);
const decide = (request: Partial<CorsRequest>) =>
  decideCors(list, {
    method: "POST",
    origin: undefined,
    referer: undefined,
    requestedMethod: undefined,
    requestedPrivateNetwork: undefined,
    ...request,
  });
const preflight = (origin: string, more: Partial<CorsRequest> = {}) =>
  decide({ method: "OPTIONS", origin, requestedMethod: "POST", ...more });

describe("the answer to a page", () => {
  test("echoes its origin, and gives credentials only where the entry does", () => {
    const plain = decide({ origin: "https://SHOP.example:443" });
    expect(plain.kind).toBe("allowed");
    expect(plain.headers["access-control-allow-origin"]).toBe("https://shop.example");
    expect(plain.headers["access-control-allow-credentials"]).toBeUndefined();
    expect(decide({ origin: "https://a.shop.example" }).headers["access-control-allow-credentials"]).toBe(
      "true",
    );
    expect(decide({ origin: "null" }).headers).toMatchObject({ "access-control-allow-origin": "null" });
  });

  test("says that it depends on the origin, whatever it is, and never allows all", () => {
    for (const origin of [undefined, "https://shop.example", "https://evil.example", "null", "nonsense"]) {
      const { headers } = decide({ origin });
      expect(headers.vary).toBe("Origin");
      expect(headers["access-control-allow-origin"]).not.toBe("*");
    }
  });

  test("refuses strangers, and pages whose referer is one where there is no origin", () => {
    expect(decide({ origin: "https://evil.example" })).toMatchObject({
      kind: "forbidden",
      reason: "origin not allowed",
    });
    expect(decide({ referer: "https://evil.example/shop" })).toMatchObject({
      kind: "forbidden",
      reason: "referer not allowed",
    });
    expect(decide({ referer: "nonsense" }).kind).toBe("forbidden");
    expect(decide({ referer: "https://shop.example/page?x" }).kind).toBe("none");
    expect(decide({ origin: "https://evil.example", referer: "https://shop.example/" }).kind).toBe(
      "forbidden",
    );
    expect(decide({}).kind).toBe("none");
  });

  test("allows in a preflight what clients send, and no more", () => {
    const answer = preflight("https://shop.example");
    expect(answer).toMatchObject({ kind: "allowed", preflight: true });
    const allowed = answer.headers["access-control-allow-headers"]!.split(", ");
    for (const name of [
      "content-type",
      "x-grpc-web",
      "x-user-agent",
      "grpc-timeout",
      "authorization",
      "traceparent",
      "tracestate",
      "baggage",
      "x-request-id",
      "connect-protocol-version",
      "connect-timeout-ms",
    ])
      expect(allowed).toContain(name);
    expect(allowed.filter((name) => name === "*" || name.startsWith("x-auth"))).toEqual([]);
    const exposed = answer.headers["access-control-expose-headers"]!.split(", ");
    for (const name of [
      "grpc-status",
      "grpc-message",
      "grpc-status-details-bin",
      "grpc-encoding",
      "x-request-id",
    ])
      expect(exposed).toContain(name);
    expect(answer.headers["access-control-allow-methods"]).toBe("GET, POST");
    expect(Number(answer.headers["access-control-max-age"])).toBeGreaterThan(0);
    expect(answer.headers.vary).toContain("Access-Control-Request-Headers");
    expect(preflight("https://evil.example").kind).toBe("forbidden");
  });

  test("lets pages on the list reach a server in a private network, but not `null`", () => {
    const asked = { requestedPrivateNetwork: "true" };
    const name = "access-control-allow-private-network";
    expect(preflight("https://shop.example", asked).headers[name]).toBe("true");
    expect(preflight("https://shop.example").headers[name]).toBeUndefined();
    expect(preflight("null", asked).headers[name]).toBeUndefined();
    expect(preflight("https://evil.example", asked).headers[name]).toBeUndefined();
  });

  test("is logged without path and query of the referer", () => {
    expect(namedOrigin({ origin: undefined, referer: "https://a.example/secret?token=1" })).toBe(
      "https://a.example",
    );
    expect(namedOrigin({ origin: "x".repeat(10_000), referer: undefined }).length).toBeLessThan(300);
  });
});
