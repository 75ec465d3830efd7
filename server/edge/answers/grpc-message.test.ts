import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeGrpcMessage, encodeGrpcMessage } from "./grpc-message.ts";

describe("grpc-message", () => {
  test.each([
    ["There is no such picture.", "There is no such picture."],
    ["100 % “sure”", "100 %25 %E2%80%9Csure%E2%80%9D"],
    ["a\r\nb", "a%0D%0Ab"],
    [" ends ", "%20ends%20"],
    ["~ !\"#$&'()*+,/:;<=>?@[]^`{|}", "~ !\"#$&'()*+,/:;<=>?@[]^`{|}"],
    ["\ud800", "%EF%BF%BD"],
  ])("spells %j as %j", (message, encoded) => {
    expect(encodeGrpcMessage(message)).toBe(encoded);
  });

  test("comes back as it was, in characters that a header can carry", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (message) => {
        const encoded = encodeGrpcMessage(message);
        expect(encoded).toMatch(/^[\x21-\x7e]?(?:[\x20-\x7e]*[\x21-\x7e])?$/);
        expect(decodeGrpcMessage(encoded)).toBe(message.toWellFormed());
      }),
    );
  });

  test("keeps what is no encoding", () => {
    expect(decodeGrpcMessage("50 % of %zz %4")).toBe("50 % of %zz %4");
  });
});
