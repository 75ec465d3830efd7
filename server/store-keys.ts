import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { AppError } from "#kernel/errors.ts";

const storeKeysSchema = z.strictObject({ accessKey: z.string().min(16), secretKey: z.string().min(32) });
/** The embedded object store's only credentials. */
export type StoreKeys = z.infer<typeof storeKeysSchema>;

/**
 * The keys in a file that only its owner can read; made once, also when several processes want them at once.
 * @throws AppError `config.invalid` when the file is there and holds no keys.
 */
export async function loadStoreKeys(path: string): Promise<StoreKeys> {
  return (await read(path)) ?? (await make(path));
}

async function read(path: string): Promise<StoreKeys | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    return storeKeysSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError("config.invalid", `${path} holds no keys; remove it to have new ones made.`, {
      cause,
    });
  }
}

async function make(path: string): Promise<StoreKeys> {
  const keys = {
    accessKey: `pm-${randomBytes(10).toString("hex")}`,
    secretKey: randomBytes(32).toString("base64url"),
  };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(JSON.stringify(keys));
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    // A link never replaces: whoever comes second takes what the first has made.
    await link(temporary, path);
    return keys;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return (await read(path))!;
  } finally {
    await rm(temporary, { force: true });
  }
}
