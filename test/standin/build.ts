import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const project = fileURLToPath(new URL("../../", import.meta.url));

/** Builds main, preload and renderer as a release does, beside the real `out`, and gives the folder. */
export async function buildDesktop(): Promise<string> {
  const folder = `${project}.tsbuild/desktop`;
  await promisify(execFile)(
    process.execPath,
    [
      `${project}node_modules/electron-vite/bin/electron-vite.js`,
      "build",
      "--outDir",
      folder,
      "--logLevel",
      "warn",
    ],
    { cwd: project, env: { ...process.env, NODE_ENV: "production" } },
  );
  return folder;
}
