import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "electron-vite";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Builds out/main (the main process and every program it starts), out/preload and out/renderer. */
export default defineConfig({
  main: {
    build: {
      minify: true,
      rolldownOptions: {
        input: {
          index: path("electron/main/index.ts"),
          "core-process": path("electron/main/core-process.ts"),
          "worker-main": path("server/workers/worker-main.ts"),
          "previews-main": path("server/workers/previews-main.ts"),
          // Threads of the worker's; they are looked for beside the bundle (server/adapters/threads/thread-entry.ts).
          "mark-thread": path("server/adapters/imaging/mark-thread.ts"),
          "proof-thread": path("server/adapters/proof/proof-thread.ts"),
        },
        // All in one folder, so that a file is found beside a bundle whichever chunk asks.
        output: { entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" },
      },
    },
  },
  preload: {
    build: {
      // A sandboxed preload script can require nothing but `electron`: one file, CommonJS, everything in it.
      externalizeDeps: false,
      minify: true,
      rolldownOptions: {
        input: { index: path("electron/preload/index.ts") },
        output: { format: "cjs", entryFileNames: "[name].cjs" },
      },
    },
  },
  renderer: {
    root: path("renderer"),
    plugins: [react()],
    build: {
      minify: true,
      // The page's CSP has no data: URLs.
      assetsInlineLimit: 0,
      rolldownOptions: { input: { index: path("renderer/index.html") } },
    },
    worker: { format: "es" },
  },
});
