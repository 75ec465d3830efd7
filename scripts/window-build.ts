import { spawn } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { build } from "vite";
import config from "../electron.vite.config.ts";

/** What is built: the page alone, or the whole desktop app around it. */
export type Bundle = "page" | "desktop";

const SOURCES: Readonly<Record<Bundle, readonly string[]>> = {
  page: ["renderer", "resources/fonts", "shared", "electron.vite.config.ts", "package-lock.json"],
  desktop: [
    "electron",
    "renderer",
    "resources",
    "server",
    "shared",
    "studio",
    "electron.vite.config.ts",
    "package-lock.json",
  ],
};
const RESULTS: Readonly<Record<Bundle, readonly string[]>> = {
  page: ["out/renderer/index.html"],
  desktop: ["out/main/index.js", "out/preload/index.cjs", "out/renderer/index.html"],
};

/** True when a result is missing or older than one of its sources. */
export async function isStale(root: string, bundle: Bundle): Promise<boolean> {
  const built = await Promise.all(RESULTS[bundle].map((file) => modifiedAt(join(root, file))));
  const oldest = Math.min(...built);
  if (oldest === 0) return true;
  for (const source of SOURCES[bundle]) if ((await newestBelow(join(root, source))) > oldest) return true;
  return false;
}

/** Builds the page that every shell shows, with the settings that it has within the desktop app. */
export async function buildPage(outDir: string): Promise<void> {
  const renderer = config.renderer;
  const before = process.env.NODE_ENV;
  // Vite and its plugins go by the environment, which says otherwise in tests.
  process.env.NODE_ENV = "production";
  try {
    await build({
      ...renderer,
      configFile: false,
      base: "./",
      logLevel: "warn",
      build: { ...renderer?.build, outDir, emptyOutDir: true },
    });
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}

/** Builds the desktop app. Answers electron-vite's exit code; what it prints passes through. */
export function buildDesktop(root: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const tool = join(root, "node_modules/electron-vite/bin/electron-vite.js");
    const child = spawn(process.execPath, [tool, "build", "--logLevel", "warn"], {
      cwd: root,
      stdio: "inherit",
    });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** Milliseconds; 0 for what is not there. */
async function modifiedAt(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

async function newestBelow(path: string): Promise<number> {
  const own = await stat(path).catch(() => null);
  if (own === null || /\.test\.tsx?$/.test(path)) return 0;
  if (!own.isDirectory()) return own.mtimeMs;
  const names = await readdir(path);
  const times = await Promise.all(names.map((name) => newestBelow(join(path, name))));
  return Math.max(0, ...times);
}
