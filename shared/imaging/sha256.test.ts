import { createHash } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { Preprocessor } from "./preprocessor.ts";

let preprocessor: Preprocessor;
beforeAll(async () => {
  preprocessor = await Preprocessor.load();
});

const ascii = (text: string) => new TextEncoder().encode(text);
const expected = (...pieces: Uint8Array[]) => {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
};

describe("SHA-256", () => {
  // NIST's examples for FIPS 180-4, and the empty message.
  test.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
    [
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
    ],
  ])("of %j is the standard's", (text, digest) => {
    expect(preprocessor.sha256().update(ascii(text)).digestHex()).toBe(digest);
  });

  test("of a million times “a” is the standard's", () => {
    const hash = preprocessor.sha256().update(new Uint8Array(1_000_000).fill(0x61));
    expect(hash.digestHex()).toBe("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  });

  test("of every length around the ends of blocks is node's", () => {
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255);
      expect(preprocessor.sha256().update(bytes).digestHex()).toBe(expected(bytes));
    }
  });

  test("does not depend on how the bytes come in pieces", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (pieces) => {
        const hash = preprocessor.sha256();
        for (const piece of pieces) hash.update(piece);
        expect(hash.digestHex()).toBe(expected(...pieces));
      }),
    );
  });

  test("goes on after an answer, and several go on side by side", () => {
    const [a, b] = [preprocessor.sha256(), preprocessor.sha256()];
    a.update(ascii("one"));
    b.update(ascii("two"));
    expect(a.digestHex()).toBe(expected(ascii("one")));
    a.update(ascii("more"));
    expect(a.digestHex()).toBe(expected(ascii("onemore")));
    expect(b.digestHex()).toBe(expected(ascii("two")));
  });

  test("takes pieces larger than the module's window", () => {
    const bytes = new Uint8Array(3 * 1024 * 1024 + 17).map((_, i) => i * 31);
    expect(preprocessor.sha256().update(ascii("x")).update(bytes).digestHex()).toBe(
      expected(ascii("x"), bytes),
    );
  });
});
