import { describe, expect, test } from "vitest";
import { presignUrl, signRequest } from "./sign.ts";
import { EMPTY_SHA256 } from "./signature.ts";
import { parseQuery } from "./uri-encoding.ts";
import { type IncomingSigned, verifySignature } from "./verify.ts";

const now = Date.UTC(2026, 10, 23, 8);
const credentials = { accessKey: "studio", secretKey: "a-secret" };
const options = { now, secretOf: (key: string) => (key === "studio" ? "a-secret" : undefined) };
const url = "http://127.0.0.1:9000/photos/a b.jpg".replace(" ", "%20");

function incoming(method: string, sentUrl: string, headers: Record<string, string>): IncomingSigned {
  const [path, query] = sentUrl.replace(/^http:\/\/[^/]+/, "").split("?");
  return {
    method,
    path: decodeURIComponent(path!),
    query: parseQuery(query ?? ""),
    headers: { host: "127.0.0.1:9000", ...headers },
  };
}

function byHeader(change: Partial<Parameters<typeof signRequest>[0]> = {}): Record<string, string> {
  return signRequest({
    method: "GET",
    url,
    credentials,
    region: "us-east-1",
    now,
    payloadHash: EMPTY_SHA256,
    ...change,
  });
}

function byQuery(change: Partial<Parameters<typeof presignUrl>[0]> = {}): string {
  return presignUrl({
    method: "GET",
    url,
    credentials,
    region: "us-east-1",
    now,
    expiresSeconds: 60,
    ...change,
  });
}

function refusal(request: IncomingSigned, at = now): string {
  try {
    verifySignature(request, { ...options, now: at });
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "accepted";
}

describe("verifying a signed request", () => {
  test("answers the signer of what sign.ts signed by header", () => {
    const signer = verifySignature(incoming("GET", url, byHeader()), options);
    expect(signer).toMatchObject({ accessKey: "studio", by: "header", payloadHash: EMPTY_SHA256 });
  });

  test("answers the signer of a presigned URL until it expires", () => {
    const request = incoming("GET", byQuery(), {});
    expect(verifySignature(request, options)).toMatchObject({ by: "query", payloadHash: "UNSIGNED-PAYLOAD" });
    expect(refusal(request, now + 60_000)).toBe("accepted");
    expect(refusal(request, now + 60_001)).toBe("AccessDenied");
  });

  test("takes a request without any signature for anonymous", () => {
    expect(verifySignature(incoming("GET", url, {}), options)).toBeNull();
  });

  test.each([
    ["another method", incoming("PUT", url, byHeader()), "SignatureDoesNotMatch"],
    ["another key", incoming("GET", url.replace("a%20b", "c"), byHeader()), "SignatureDoesNotMatch"],
    ["another query", incoming("GET", `${url}?acl`, byHeader()), "SignatureDoesNotMatch"],
    ["another host", incoming("GET", url, { ...byHeader(), host: "other" }), "SignatureDoesNotMatch"],
    [
      "a wrong secret",
      incoming("GET", url, byHeader({ credentials: { ...credentials, secretKey: "b" } })),
      "SignatureDoesNotMatch",
    ],
    [
      "a stranger",
      incoming("GET", url, byHeader({ credentials: { ...credentials, accessKey: "b" } })),
      "InvalidAccessKeyId",
    ],
    [
      "a clock 16 minutes off",
      incoming("GET", url, byHeader({ now: now - 960_000 })),
      "RequestTimeTooSkewed",
    ],
    [
      "a header added to a signed request",
      incoming("GET", url, { ...byHeader(), "x-amz-copy-source": "/b/secret" }),
      "AccessDenied",
    ],
    [
      "a header added to a presigned URL",
      incoming("GET", byQuery(), { "x-amz-copy-source": "/b/secret" }),
      "AccessDenied",
    ],
    [
      "a presigned header that is missing",
      incoming("GET", byQuery({ headers: { "content-type": "image/png" } }), {}),
      "SignatureDoesNotMatch",
    ],
    [
      "a lifetime stretched afterwards",
      incoming("GET", byQuery().replace("Expires=60", "Expires=61"), {}),
      "SignatureDoesNotMatch",
    ],
    [
      "a lifetime above seven days",
      incoming("GET", byQuery().replace("Expires=60", "Expires=604801"), {}),
      "AuthorizationQueryParametersError",
    ],
    ["a URL of tomorrow", incoming("GET", byQuery({ now: now + 86_400_000 }), {}), "AccessDenied"],
    [
      "a signed header named like a property of every object",
      incoming("GET", byQuery().replace("SignedHeaders=host", "SignedHeaders=constructor%3Bhost"), {}),
      "SignatureDoesNotMatch",
    ],
    ["another scheme", incoming("GET", url, { authorization: "Bearer x" }), "AccessDenied"],
    ["signature version 2", incoming("GET", url, { authorization: "AWS a:b" }), "MissingDateHeader"],
    [
      "a session token nobody issued",
      incoming("GET", url, byHeader({ credentials: { ...credentials, sessionToken: "t" } })),
      "InvalidTokenId",
    ],
  ])("refuses %s", (_title, request, code) => {
    expect(refusal(request)).toBe(code);
  });
});
