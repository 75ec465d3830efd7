import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseSettings, type Settings } from "#contracts/settings.ts";
import { AppError } from "#kernel/errors.ts";

/** Settings from the environment and the home folder's `settings.json`. @throws AppError `config.invalid` */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const defaultHome = join(homedir(), ".platemark");
  const filePath = join(environment.PLATEMARK_HOME || defaultHome, "settings.json");
  let file: Record<string, unknown> = {};
  try {
    file = JSON.parse(readFileSync(filePath, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      throw new AppError("config.invalid", `${filePath} cannot be read as JSON.`, { cause: error });
  }
  return parseSettings({ flags: {}, environment, file, filePath, defaultHome });
}
