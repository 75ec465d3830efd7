import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseSettings, type Settings } from "#contracts/settings.ts";
import { AppError } from "#kernel/errors.ts";
import { defaultHome } from "./default-home.ts";

export interface SettingsSources {
  /** By setting name. `mark`: parts of a mark, on top of the file's. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Settings from flags, else the environment, else the home folder's `settings.json`, else defaults; `home` absolute.
 *  @throws AppError `config.invalid` that names the setting and where it comes from. */
export function readSettings({ flags, environment }: SettingsSources): Settings {
  const home = resolve(String(flags.home ?? (environment.PLATEMARK_HOME || defaultHome(environment))));
  const filePath = join(home, "settings.json");
  const file = readFile(filePath);
  const mark = flags.mark !== undefined && { mark: { ...asObject(file.mark), ...asObject(flags.mark) } };
  return parseSettings({
    flags: { ...flags, ...mark, home },
    environment,
    file,
    filePath,
    defaultHome: home,
  });
}

function readFile(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new AppError("config.invalid", `${path} cannot be read. Allow it, or move it away.`, { cause });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch (cause) {
    throw new AppError("config.invalid", `${path} is no valid JSON: ${(cause as Error).message}.`, { cause });
  }
  throw new AppError("config.invalid", `${path} must hold one JSON object, for example {"user": "studio"}.`);
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
