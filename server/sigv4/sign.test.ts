import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { presignUrl, signRequest } from "./sign.ts";
import { EMPTY_SHA256, sha256Hex } from "./signature.ts";

/** The examples of the S3 API reference, "Signature Calculations for the Authorization Header". */
const credentials = {
  accessKey: "AKIAIOSFODNN7EXAMPLE",
  secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const common = { credentials, region: "us-east-1", now: Date.UTC(2013, 4, 24) };
const bucket = "https://examplebucket.s3.amazonaws.com";

function signature(headers: Record<string, string>): string {
  return /Signature=([0-9a-f]{64})$/.exec(headers.authorization ?? "")?.[1] ?? "";
}

describe("signing a request", () => {
  test("gives the published signature for GET of an object with a range", () => {
    const headers = signRequest({
      ...common,
      method: "GET",
      url: `${bucket}/test.txt`,
      headers: { Range: "bytes=0-9" },
      payloadHash: EMPTY_SHA256,
    });
    expect(signature(headers)).toBe("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    expect(headers.authorization).toContain("SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,");
  });

  test("gives the published signature for PUT of a key with a dollar sign", () => {
    const headers = signRequest({
      ...common,
      method: "PUT",
      url: `${bucket}/test$file.text`,
      headers: { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
      payloadHash: sha256Hex("Welcome to Amazon S3."),
    });
    expect(signature(headers)).toBe("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  });

  test.each([
    ["?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"],
    ["?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"],
    ["?prefix=J&max-keys=2", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"],
  ])("gives the published signature for GET %s", (query, expected) => {
    const headers = signRequest({
      ...common,
      method: "GET",
      url: `${bucket}/${query}`,
      payloadHash: EMPTY_SHA256,
    });
    expect(signature(headers)).toBe(expected);
  });

  test("signs and sends the session token of temporary credentials", () => {
    const headers = signRequest({
      ...common,
      credentials: { ...credentials, sessionToken: "token" },
      method: "GET",
      url: `${bucket}/`,
      payloadHash: EMPTY_SHA256,
    });
    expect(headers["x-amz-security-token"]).toBe("token");
    expect(headers.authorization).toContain("x-amz-date;x-amz-security-token,");
  });

  test("does not depend on the order of the query, the order and case of headers, or spaces around values", () => {
    const pair = fc.tuple(fc.string({ minLength: 1 }), fc.string({ unit: "grapheme" }));
    const well = (text: string) => text.isWellFormed();
    fc.assert(
      fc.property(
        fc.array(
          pair.filter(([name, value]) => well(name) && well(value)),
          { maxLength: 6 },
        ),
        fc.dictionary(fc.stringMatching(/^[a-z-]{1,12}$/), fc.stringMatching(/^[!-~]{0,10}$/), {
          maxKeys: 5,
        }),
        (query, headers) => {
          const encode = (pairs: [string, string][]) =>
            pairs
              .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
              .join("&");
          const sign = (pairs: [string, string][], sent: Record<string, string>) =>
            signRequest({
              ...common,
              method: "GET",
              url: `${bucket}/k?${encode(pairs)}`,
              headers: sent,
              payloadHash: EMPTY_SHA256,
            }).authorization;
          const turned = Object.fromEntries(
            Object.entries(headers)
              .reverse()
              .map(([name, value]) => [name.toUpperCase(), `  ${value} `]),
          );
          expect(sign(query.toReversed(), turned)).toBe(sign(query, headers));
        },
      ),
    );
  });

  test("refuses a relative URL", () => {
    const sign = () => signRequest({ ...common, method: "GET", url: "/key", payloadHash: EMPTY_SHA256 });
    expect(sign).toThrow(expect.objectContaining({ code: "invalid_argument" }));
  });
});

describe("presigning a URL", () => {
  test("gives the published URL for GET of an object", () => {
    const url = presignUrl({ ...common, method: "GET", url: `${bucket}/test.txt`, expiresSeconds: 86_400 });
    expect(url).toBe(
      `${bucket}/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256` +
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
    );
  });

  test("signs every header it is given, and keeps the URL's own query", () => {
    const url = presignUrl({
      ...common,
      method: "PUT",
      url: `${bucket}/a%20b?partNumber=1&uploadId=x%2Fy`,
      headers: { "Content-Type": "image/png", "content-length": "5" },
      expiresSeconds: 60,
    });
    expect(url).toContain("/a%20b?");
    expect(url).toContain("X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost");
    expect(url).toContain("partNumber=1&uploadId=x%2Fy");
  });

  test.each([0, 604_801, 1.5, Number.NaN])("refuses a lifetime of %d seconds", (expiresSeconds) => {
    const presign = () => presignUrl({ ...common, method: "GET", url: `${bucket}/k`, expiresSeconds });
    expect(presign).toThrow(expect.objectContaining({ code: "invalid_argument" }));
  });
});
