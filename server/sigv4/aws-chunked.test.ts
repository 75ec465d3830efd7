import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AwsChunkedDecoder } from "./aws-chunked.ts";
import { ChunkSignatureChain } from "./chunk-signature.ts";
import { signingKey } from "./signature.ts";

/** The example of the S3 API reference, "Transferring Payload in Multiple Chunks". */
const scope = { date: "20130524", region: "us-east-1", service: "s3" };
const key = signingKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope);
function published(signature: string): ChunkSignatureChain {
  return new ChunkSignatureChain({ signingKey: key, scope, date: "20130524T000000Z", signature });
}

function chunk(payload: string, signature?: string): string {
  return `${payload.length.toString(16)}${signature ? `;chunk-signature=${signature}` : ""}\r\n${payload}`;
}

function decode(decoder: AwsChunkedDecoder, ...pieces: Uint8Array[]): string {
  const payload = pieces.flatMap((piece) => decoder.push(piece).map((part) => Buffer.from(part)));
  decoder.finish();
  return Buffer.concat(payload).toString("latin1");
}

const signedBody = [
  chunk("a".repeat(65_536), "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
  chunk("a".repeat(1024), "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
  chunk("", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
  "",
].join("\r\n");
const seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";

const trailerBody = (lineEnd: string) =>
  [
    chunk("a".repeat(65_536), "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
    chunk("a".repeat(1024), "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
    `${chunk("", "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992")}`,
  ].join("\r\n") +
  `x-amz-checksum-crc32c:sOO8/Q==${lineEnd}` +
  "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n";
const trailerSeed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";

describe("decoding aws-chunked bodies", () => {
  test("accepts the published signed chunks", () => {
    const decoder = new AwsChunkedDecoder({ chain: published(seed), trailers: false });
    expect(decode(decoder, Buffer.from(signedBody))).toBe("a".repeat(66_560));
  });

  test.each(["\r\n", "\n\r\n"])("accepts the published signed trailer, its line ended by %j", (lineEnd) => {
    const decoder = new AwsChunkedDecoder({ chain: published(trailerSeed), trailers: true });
    expect(decode(decoder, Buffer.from(trailerBody(lineEnd)))).toHaveLength(66_560);
    expect(decoder.trailers).toEqual(new Map([["x-amz-checksum-crc32c", "sOO8/Q=="]]));
  });

  test.each([
    ["a changed byte in a chunk", signedBody.replace("aaaa", "aaab"), false],
    ["a changed trailer", trailerBody("\r\n").replace("sOO8", "sOO9"), true],
    ["a chunk without its signature", signedBody.replace(/;chunk-signature=\w+/, ""), false],
  ])("refuses %s", (_title, body, trailers) => {
    const chain = published(trailers ? trailerSeed : seed);
    const decoder = new AwsChunkedDecoder({ chain, trailers });
    expect(() => decode(decoder, Buffer.from(body))).toThrow(
      expect.objectContaining({ code: "SignatureDoesNotMatch" }),
    );
  });

  test.each([
    ["a cut body", "5\r\nhel", "IncompleteBody"],
    ["a body without its last chunk", "5\r\nhello\r\n", "IncompleteBody"],
    ["a size that is no number", "zz\r\nhello\r\n0\r\n\r\n", "InvalidRequest"],
    ["a chunk longer than it says", "2\r\nhello\r\n0\r\n\r\n", "InvalidRequest"],
    ["bytes after the end", "0\r\n\r\nmore", "InvalidRequest"],
    ["a header line without end", `1;${"x".repeat(5000)}`, "InvalidRequest"],
    ["a trailer that was not announced", "0\r\nx-a:b\r\n\r\n", "InvalidRequest"],
  ])("refuses %s", (_title, body, code) => {
    const decoder = new AwsChunkedDecoder({ trailers: false });
    expect(() => decode(decoder, Buffer.from(body))).toThrow(expect.objectContaining({ code }));
  });

  test("gives the same body however it was chunked and however its bytes were cut on the way", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        (chunks, cuts) => {
          const encoded = Buffer.concat([
            ...chunks.flatMap((bytes) => [
              Buffer.from(`${bytes.length.toString(16)}\r\n`),
              bytes,
              Buffer.from("\r\n"),
            ]),
            Buffer.from("0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"),
          ]);
          const pieces: Uint8Array[] = [];
          for (let offset = 0, turn = 0; offset < encoded.length; turn++) {
            const size = cuts[turn % cuts.length]!;
            pieces.push(encoded.subarray(offset, offset + size));
            offset += size;
          }
          const decoder = new AwsChunkedDecoder({ trailers: true });
          expect(decode(decoder, ...pieces)).toBe(Buffer.concat(chunks).toString("latin1"));
          expect(decoder.trailers.get("x-amz-checksum-crc32")).toBe("AAAAAA==");
        },
      ),
    );
  });
});
