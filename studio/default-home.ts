import { homedir } from "node:os";
import { join } from "node:path";

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
