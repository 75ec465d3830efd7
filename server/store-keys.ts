import { randomBytes } from "node:crypto";
import { z } from "zod";
import { AppError } from "#kernel/errors.ts";
import { readOrMakeSecretFile } from "./secret-file.ts";

const storeKeysSchema = z.strictObject({ accessKey: z.string().min(16), secretKey: z.string().min(32) });
/** The embedded object store's only credentials. */
export type StoreKeys = z.infer<typeof storeKeysSchema>;

/**
 * The keys in a file that only its owner can read; made once, also when several processes want them at once.
 * @throws AppError `config.invalid` when the file is there and holds no keys.
 */
export async function loadStoreKeys(path: string): Promise<StoreKeys> {
  const text = await readOrMakeSecretFile(path, async () => JSON.stringify(newKeys()));
  try {
    return storeKeysSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError("config.invalid", `${path} holds no keys; remove it to have new ones made.`, {
      cause,
    });
  }
}

function newKeys(): StoreKeys {
  return {
    accessKey: `pm-${randomBytes(10).toString("hex")}`,
    secretKey: randomBytes(32).toString("base64url"),
  };
}
