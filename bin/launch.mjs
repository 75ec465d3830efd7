// Runs the command-line tool with the Node that this project pins, whichever Node this is, and with a tight heap.
// Any Node reads this file: it is plain JavaScript.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { CORE_ENVIRONMENT, CORE_FLAGS } from "./core-flags.mjs";

/** Starts the tool with these words, passes signals on to it, and ends this process with its exit code. */
export function launch(words) {
  const program = fileURLToPath(new URL("program.mjs", import.meta.url));
  const pinned = fileURLToPath(
    new URL(`../node_modules/node/bin/node${process.platform === "win32" ? ".exe" : ""}`, import.meta.url),
  );
  const isRecent = Number(process.versions.node.split(".")[0]) >= 24;
  if (!isRecent && !existsSync(pinned)) {
    process.stderr.write(
      "Platemark needs Node 24, which `npm ci` brings along. Run `npm ci` in Platemark's folder.\n",
    );
    process.exit(3);
  }
  // The channel carries nothing: its end tells the program that its launcher has gone, however that ended.
  const child = spawn(isRecent ? process.execPath : pinned, [...CORE_FLAGS, program, ...words], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...CORE_ENVIRONMENT, ...process.env },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`Node 24 cannot be started: ${error.message}\n`);
    process.exit(3);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)));
}
