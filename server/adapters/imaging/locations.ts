import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, URL } from "node:url";
import { threadEntry } from "../threads/thread-entry.ts";

/** The one place that knows where the marker's other files are: beside this one in source form and in a bundle alike. */

/** Entry of the marking threads. */
export function markThreadEntry(): URL {
  return threadEntry(new URL("./mark-thread.ts", import.meta.url));
}

/** `resources/fonts`, found from here upwards: the depth differs between source form and bundles. */
export function fontsFolder(): string {
  for (let folder = new URL("./", import.meta.url); ; folder = new URL("../", folder)) {
    const fonts = new URL("resources/fonts/", folder);
    if (existsSync(fonts)) return fileURLToPath(fonts);
    if (folder.pathname === "/" || /^\/[A-Za-z]:\/$/.test(folder.pathname))
      throw new Error("The fonts that ship with Platemark (resources/fonts) are missing. Install it again.");
  }
}

export function resvgWasm(): string {
  return createRequire(import.meta.url).resolve("@resvg/resvg-wasm/index_bg.wasm");
}
