import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** How long Electron's own installer may take. Milliseconds. */
const FETCH_MS = 180_000;

export type ElectronProgram = { readonly path: string } | { readonly missing: string };

/** Electron's program, fetched when it is not there yet. Never loads the package, which would throw without it. */
export async function findElectron(root: string, say: (line: string) => void): Promise<ElectronProgram> {
  const folder = join(root, "node_modules/electron");
  const found = installed(folder);
  if (found) return { path: found };
  say("Fetching Electron's program …");
  const trouble = await runInstaller(folder);
  const fetched = installed(folder);
  return fetched ? { path: fetched } : { missing: trouble ?? "its installer left nothing behind" };
}

function installed(folder: string): string | null {
  const note = join(folder, "path.txt");
  if (!existsSync(note)) return null;
  const program = join(folder, "dist", readFileSync(note, "utf8").trim());
  return existsSync(program) ? program : null;
}

/** Resolves with what went wrong, `null` for nothing. */
function runInstaller(folder: string): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(folder, "install.js")], {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: FETCH_MS,
    });
    let complaint = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-4_000);
    });
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => {
      if (code === 0) resolve(null);
      else if (signal !== null) resolve(`it took longer than ${FETCH_MS / 60_000} minutes`);
      else resolve(/\b(?:Error|error): (.+)/.exec(complaint)?.[1] ?? `its installer ended with code ${code}`);
    });
  });
}
