import { spawn } from "node:child_process";

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** True where a window can be shown. */
export function hasDisplay({ platform, env }: Surroundings): boolean {
  return platform === "win32" || platform === "darwin" || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/** The program that opens a link, with its arguments. Pure. */
export function browserCommand(link: string, platform: NodeJS.Platform): readonly [string, ...string[]] {
  if (platform === "darwin") return ["open", link];
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler", link];
  return ["xdg-open", link];
}

/** Opens a link in the user's browser, where there is one. Neither waits nor fails: the link has been shown as well. */
export function openInBrowser(link: string, surroundings: Surroundings): void {
  if (!hasDisplay(surroundings)) return;
  const [program, ...parameters] = browserCommand(link, surroundings.platform);
  const child = spawn(program, parameters, { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}
