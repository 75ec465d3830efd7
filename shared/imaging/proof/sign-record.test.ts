import { createPublicKey, verify } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type ProofClaims,
  type ProofRecord,
  proofClaimsSchema,
  signedBytes,
} from "#contracts/proof-record.ts";
import {
  generateProofKey,
  type ProofPrivateKey,
  parsePublicKey,
  parseRecord,
  publicKeyOf,
  publicKeyPem,
  recordBytes,
  signRecord,
  verifyRecord,
} from "./sign-record.ts";

const file = {
  sha256: "ab".repeat(32),
  bytes: 1000,
  format: "jpeg",
  width: 6000,
  height: 4000,
  key: null,
} as const;
const claims: ProofClaims = proofClaimsSchema.parse({
  proofVersion: 1,
  original: file,
  marked: { ...file, sha256: "cd".repeat(32) },
  template: { name: "corner", version: "ef".repeat(32) },
  evidence: {
    class: "exact",
    basis: "coefficients",
    touched: [{ left: 4800, top: 3600, width: 1100, height: 300 }],
    furtherPages: [],
    outside: { compared: 90_000, leftOut: 1400, unit: "mcu" },
    metadata: { kept: ["EXIF", "ICC"], changed: [], lost: [], added: [] },
    digest: {
      algorithm: "sha256",
      blockBytes: 65_536,
      bytes: 70_000,
      count: 2,
      root: "01".repeat(32),
      blocks: ["0123456789abcdef", "fedcba9876543210"],
    },
  },
  software: { name: "platemark", version: "0.1.0" },
  traceId: "5e6fbb7ef845433bb71a0fba00399a90",
  time: "2026-11-25T18:00:00.000Z",
});

let key: ProofPrivateKey;
let record: ProofRecord;
beforeAll(async () => {
  key = await generateProofKey();
  record = await signRecord(claims, key);
});

/** Paths of all values in a record. */
function leaves(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const entries = Array.isArray(value) ? value.map((each, i) => [i, each] as const) : Object.entries(value);
  return entries.flatMap(([name, inner]) => leaves(inner, [...path, name]));
}

function withChanged(source: ProofRecord, path: readonly (string | number)[]): ProofRecord {
  const copy = structuredClone(source) as unknown as Record<string | number, unknown>;
  let at = copy;
  for (const name of path.slice(0, -1)) at = at[name] as typeof copy;
  const last = path.at(-1)!;
  const value = at[last];
  at[last] =
    typeof value === "number" ? value + 1 : typeof value === "string" ? `${value.slice(0, -1)}!` : "other";
  return copy as unknown as ProofRecord;
}

describe("a signed record", () => {
  test("is verified with its public key, by us and by anybody's Ed25519", async () => {
    expect(await verifyRecord(record, publicKeyOf(key))).toBe(true);
    const { signature, ...signed } = record;
    const theirs = createPublicKey(publicKeyPem(record.key));
    expect(verify(null, signedBytes(signed), theirs, Buffer.from(signature, "base64url"))).toBe(true);
  });

  test("is found out when any of its fields is changed", async () => {
    const paths = leaves(record).filter(([first]) => first !== "signature");
    expect(paths.length).toBeGreaterThan(35);
    for (const path of paths)
      expect([path, await verifyRecord(withChanged(record, path), publicKeyOf(key))]).toEqual([path, false]);
  });

  test("is found out when its signature is changed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(511), async (bit) => {
        const bytes = Buffer.from(record.signature, "base64url");
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        const forged = { ...record, signature: bytes.toString("base64url") };
        expect(await verifyRecord(forged, publicKeyOf(key))).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  test("of another key is not taken, though it is whole in itself", async () => {
    const other = await generateProofKey();
    const theirs = await signRecord(claims, other);
    expect(await verifyRecord(theirs, publicKeyOf(other))).toBe(true);
    expect(await verifyRecord(theirs, publicKeyOf(key))).toBe(false);
    expect(await verifyRecord({ ...theirs, key: publicKeyOf(key) }, publicKeyOf(key))).toBe(false);
  });

  test("is the same bytes again after it has been read, whatever the order of its names", () => {
    const bytes = recordBytes(record);
    expect(recordBytes(parseRecord(bytes))).toEqual(bytes);
    const turned = Object.fromEntries(Object.entries(record).reverse()) as unknown as ProofRecord;
    expect(recordBytes(turned)).toEqual(bytes);
  });

  test.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["a field too many", JSON.stringify({ more: 1 })],
    ["another version", '{"proofVersion":2}'],
  ])("is refused when it holds %s", (_, text) => {
    expect(() => parseRecord(new TextEncoder().encode(text))).toThrow("no proof record");
    if (text.startsWith('{"')) {
      const changed = JSON.stringify({ ...record, ...JSON.parse(text) });
      expect(() => parseRecord(new TextEncoder().encode(changed))).toThrow("no proof record");
    }
  });
});

describe("a public key", () => {
  test("comes back from PEM and from JWK", () => {
    const wanted = publicKeyOf(key);
    expect(parsePublicKey(publicKeyPem(key))).toEqual(wanted);
    expect(parsePublicKey(JSON.stringify({ ...wanted, kid: "studio" }))).toEqual(wanted);
  });

  test("is refused when it is none", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => parsePublicKey(text)).toThrow("no Ed25519 public key");
        expect(() => parsePublicKey(`-----BEGIN PUBLIC KEY-----${text}-----END PUBLIC KEY-----`)).toThrow();
      }),
    );
  });
});
