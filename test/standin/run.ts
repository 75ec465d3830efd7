import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

/** Runs a built main process with the stand-in in place of `electron`: `node test/standin/run.ts out/main/index.js`. */
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "electron"
      ? { url: import.meta.resolve("./electron.ts"), shortCircuit: true }
      : next(specifier, context),
});
const { becomeReady } = await import("./app.ts");
await import(pathToFileURL(process.argv[2]!).href);
// As in Electron: `ready` comes only after the main module has been evaluated, so a top-level wait for it never ends.
await becomeReady();
