import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * What a file that only its owner can read holds. Made once with what `make` answers when it is not there, also when
 * several processes want it at once: all of them get what the first has made.
 */
export async function readOrMakeSecretFile(path: string, make: () => Promise<string>): Promise<string> {
  return (await readSecretFile(path)) ?? (await write(path, await make()));
}

/** `null`: it is not there. */
export async function readSecretFile(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function write(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    // A link never replaces: whoever comes second takes what the first has made.
    await link(temporary, path);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return (await readSecretFile(path))!;
  } finally {
    await rm(temporary, { force: true });
  }
}
