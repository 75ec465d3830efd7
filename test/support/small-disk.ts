import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A command's beginning that gives it a small file system of its own over `folder`. */
export function onSmallDisk(folder: string, size: string): readonly string[] {
  const script = `mount -t tmpfs -o size=${size} none "$0" && exec "$@"`;
  return ["unshare", "-Urm", "sh", "-c", script, folder];
}

/** Whether the kernel lets us have one. */
export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "platemark-mount-"));
  try {
    const [command, ...args] = onSmallDisk(folder, "1m");
    execFileSync(command!, [...args, "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}
