import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, URL } from "node:url";
import { threadEntry } from "../threads/thread-entry.ts";

/** The one place that knows where the marker's other files are: beside this one in source form and in a bundle alike. */

/** Entry of the marking threads. */
export function markThreadEntry(): URL {
  return threadEntry(new URL("./mark-thread.ts", import.meta.url));
}

/** The fonts that ship with the program. */
export function fontsFolder(): string {
  return resourceFolder("fonts");
}

/** The templates that a new home folder begins with. */
export function sampleTemplates(): string {
  return resourceFolder("templates");
}

/** A folder of `resources`, found from here upwards: the depth differs between source form and bundles. */
function resourceFolder(name: string): string {
  for (let folder = new URL("./", import.meta.url); ; folder = new URL("../", folder)) {
    const found = new URL(`resources/${name}/`, folder);
    if (existsSync(found)) return fileURLToPath(found);
    if (folder.pathname === "/" || /^\/[A-Za-z]:\/$/.test(folder.pathname))
      throw new Error(`Files that ship with Platemark (resources/${name}) are missing. Install it again.`);
  }
}

export function resvgWasm(): string {
  return createRequire(import.meta.url).resolve("@resvg/resvg-wasm/index_bg.wasm");
}
