import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { environmentName, flagName, settingsSchema } from "#contracts/settings.ts";
import { hasDisplay } from "../studio/daemon/open-in-browser.ts";
import { findElectron } from "./electron-program.ts";
import { buildDesktop, buildPage, isStale } from "./window-build.ts";

/** `npm start`: the desktop window where there can be one, else the same window in the browser. */
const root = fileURLToPath(new URL("..", import.meta.url));
const say = (line: string) => process.stderr.write(`${line}\n`);
/** An Electron that ends this soon with an error has shown no window. Milliseconds. */
const NO_WINDOW_MS = 10_000;

const flags = process.argv.slice(2);
const code = await start();
if (code !== null) process.exit(code);

async function start(): Promise<number | null> {
  const instead = await showDesktop();
  if (typeof instead === "number") return instead;
  say(instead);
  if (await isStale(root, "page")) {
    say("Building the window …");
    await buildPage(join(root, "out/renderer"));
  }
  await startStudio(flags.filter((flag) => flag !== "--browser"));
  return null;
}

/** As `platemark studio`, within the core's limits of memory; this process ends with it. */
async function startStudio(words: readonly string[]): Promise<void> {
  const launcher = new URL("../bin/launch.mjs", import.meta.url).href;
  const { launch } = (await import(launcher)) as { launch: (words: readonly string[]) => void };
  launch(["studio", ...words]);
}

/** The exit code of the desktop app, or why there is none, in one line. */
async function showDesktop(): Promise<number | string> {
  if (flags.includes("--browser")) return "The window opens in the browser.";
  if (!hasDisplay(process)) return "No display: the window opens in a browser instead.";
  const electron = await findElectron(root, say);
  if ("missing" in electron)
    return `Electron's program could not be fetched: ${electron.missing}. The window opens in a browser instead.`;
  if (await isStale(root, "desktop")) {
    say("Building the desktop app …");
    if ((await buildDesktop(root)) !== 0)
      return "The desktop app could not be built: the window opens in a browser instead.";
  }
  const startedAtMs = Date.now();
  const ended = await runElectron(electron.path);
  if (ended === 0 || Date.now() - startedAtMs > NO_WINDOW_MS) return ended;
  return `Electron's program ended at once (code ${ended}). The window opens in a browser instead.`;
}

function runElectron(program: string): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, [root], {
      stdio: "inherit",
      env: { ...process.env, ...settingsAsEnvironment(flags) },
    });
    const pass = (signal: NodeJS.Signals) => child.kill(signal);
    process.on("SIGINT", pass).on("SIGTERM", pass);
    child.on("error", (error) => {
      say(error.message);
      resolve(1);
    });
    child.on("exit", (code, signal) => {
      process.off("SIGINT", pass).off("SIGTERM", pass);
      resolve(signal === null ? (code ?? 1) : 0);
    });
  });
}

/** Flags of settings as the environment that the desktop app reads. */
function settingsAsEnvironment(given: readonly string[]): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of Object.keys(settingsSchema.shape)) {
    const flag = flagName(name);
    const at = given.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
    const value = given[at]?.startsWith(`${flag}=`) ? given[at].slice(flag.length + 1) : given[at + 1];
    if (at >= 0 && value !== undefined) environment[environmentName(name)] = value;
  }
  return environment;
}
