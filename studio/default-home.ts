import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where a user's data lie on each system when nothing else is said. Absolute. */
export function defaultHome(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (platform === "win32")
    return join(environment.LOCALAPPDATA || join(homedir(), "AppData", "Local"), "Platemark");
  if (platform === "darwin") return join(homedir(), "Library", "Application Support", "Platemark");
  return join(environment.XDG_DATA_HOME || join(homedir(), ".local", "share"), "platemark");
}

/** The home folder that a command line and an environment name, as `readSettings` finds it; absolute. */
export function homeOf(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const at = words.findLastIndex((word) => word === "--home" || word.startsWith("--home="));
  const named = words[at]?.startsWith("--home=") ? words[at].slice("--home=".length) : words[at + 1];
  return resolve((at >= 0 && named) || environment.PLATEMARK_HOME || defaultHome(environment));
}
