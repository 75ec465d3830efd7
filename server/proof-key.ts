import { createPrivateKey } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { publicKeySchema } from "#contracts/proof-record.ts";
import { generateProofKey, type ProofPrivateKey } from "#imaging/proof/sign-record.ts";
import { AppError } from "#kernel/errors.ts";
import { readOrMakeSecretFile, readSecretFile } from "./secret-file.ts";

const privateKeySchema = publicKeySchema.extend({ d: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });

export interface ProofKeySource {
  /** The file that holds the key, made when it is not there: `proof-key.json` in the home folder. */
  readonly path: string;
  /** The setting `proofKey`, JWK or PEM, which goes before the file. */
  readonly setting?: string | undefined;
}

/**
 * The key that proofs are signed with: the setting's, else the file's, else a new one, which is then the file's.
 * @throws AppError `config.invalid` when the setting or file holds no Ed25519 key.
 */
export async function loadProofKey({ path, setting }: ProofKeySource): Promise<ProofPrivateKey> {
  if (setting !== undefined) return parseSetting(setting);
  const text = await readOrMakeSecretFile(path, async () => JSON.stringify(await generateProofKey()));
  return parseFile(text, path);
}

/** As `loadProofKey`, but makes none: `null` where there is none yet. */
export async function findProofKey({ path, setting }: ProofKeySource): Promise<ProofPrivateKey | null> {
  if (setting !== undefined) return parseSetting(setting);
  const text = await readSecretFile(path);
  return text === null ? null : parseFile(text, path);
}

/** Where the key of an installation lies. */
export function proofKeyPath(home: string): string {
  return join(home, "proof-key.json");
}

function parseSetting(text: string): ProofPrivateKey {
  return parse(text, "PLATEMARK_PROOF_KEY holds no private Ed25519 key, neither as JWK nor as PEM.");
}

function parseFile(text: string, path: string): ProofPrivateKey {
  return parse(text, `${path} holds no key. Put the old one back; or remove it, to have a new one made.`);
}

function parse(text: string, complaint: string): ProofPrivateKey {
  try {
    const key = text.includes("-----BEGIN")
      ? createPrivateKey(text.replaceAll("\\n", "\n"))
      : createPrivateKey({ key: JSON.parse(text), format: "jwk" });
    const { kty, crv, x, d } = key.export({ format: "jwk" });
    return privateKeySchema.parse({ kty, crv, x, d });
  } catch {
    // The parser's own words would quote the secret.
    throw new AppError("config.invalid", complaint);
  }
}
