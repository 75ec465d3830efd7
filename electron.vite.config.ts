import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "electron-vite";
import { moduleUrls } from "./electron/build/module-urls.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Builds out/main (the main process and every program it starts), out/preload and out/renderer. */
export default defineConfig({
  main: {
    plugins: [moduleUrls()],
    build: {
      minify: true,
      rolldownOptions: {
        input: {
          index: path("electron/main/index.ts"),
          "core-process": path("electron/main/core-process.ts"),
          "worker-main": path("server/workers/worker-main.ts"),
          "previews-main": path("server/workers/previews-main.ts"),
        },
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
      rolldownOptions: { input: { index: path("renderer/index.html") } },
    },
  },
});
