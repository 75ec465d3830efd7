import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256Hex } from "./sha256.ts";

describe("SHA-256", () => {
  test("gives the digests of FIPS 180-4's examples", () => {
    expect(sha256Hex("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).toBe(
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    );
    expect(sha256Hex("a".repeat(1_000_000))).toBe(
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    );
  });

  test("agrees with another implementation on any bytes, at every length around a block", () => {
    const peer = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    for (let length = 0; length <= 130; length++) {
      const bytes = new Uint8Array(length).fill(length);
      expect(sha256Hex(bytes)).toBe(peer(bytes));
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 1_000 }), (bytes) => sha256Hex(bytes) === peer(bytes)));
  });

  test("reads a text as UTF-8", () => {
    expect(sha256Hex("© 照片")).toBe(sha256Hex(new TextEncoder().encode("© 照片")));
  });
});
