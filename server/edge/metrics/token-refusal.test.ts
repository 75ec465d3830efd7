import { expect, test } from "vitest";
import { tokenRefusalLabel } from "./token-refusal.ts";

test.each([
  ["Token refused: expired.", "expired"],
  ["Token refused: lives longer than 15 minutes.", "expired"],
  ["Token refused: issued in the future.", "not_yet_valid"],
  ["Token refused: ERR_JWS_SIGNATURE_VERIFICATION_FAILED.", "signature"],
  ["Token refused: claim aud: another audience.", "audience"],
  ["Token refused: claim sub: missing or wrong.", "claims"],
  ["Token refused: no key for its algorithm.", "key"],
  ["Token refused: no bearer token.", "scheme"],
  ["Token refused: unreadable header.", "malformed"],
  ["anything that a caller could make up 7d1f", "malformed"],
])("“%s” counts as %s", (reason, label) => {
  expect(tokenRefusalLabel(reason)).toBe(label);
});
