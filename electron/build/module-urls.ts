import { dirname, relative, resolve, sep } from "node:path";
import type { Plugin } from "vite";

const REFERENCE = /new URL\(\s*(["'])(\.{1,2}\/[^"']+)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g;

/**
 * Lets `new URL("./x", import.meta.url)` mean the same in the main process's bundles as in the source: a TypeScript
 * file becomes a chunk of its own (a worker thread's entry, for example), anything else is looked up in the project
 * from where the bundle lies. Bundles lie flat in their folder, so that one relative path holds for all of them.
 */
export function moduleUrls(): Plugin {
  let outDir = "";
  return {
    name: "platemark:module-urls",
    enforce: "pre",
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir);
    },
    transform(code, id) {
      const file = id.split("?")[0]!;
      if (file.includes(`${sep}node_modules${sep}`) || !code.includes("import.meta.url")) return null;
      const replaced = code.replace(REFERENCE, (_whole, _quote: string, path: string) => {
        const target = resolve(dirname(file), path);
        if (target.endsWith(".ts")) {
          const reference = this.emitFile({ type: "chunk", id: target });
          return `new URL(import.meta.ROLLUP_FILE_URL_${reference})`;
        }
        const fromBundle = relative(outDir, target).split(sep).join("/");
        const slash = path.endsWith("/") ? "/" : "";
        // Put together at run time, so that no later plugin takes it for an asset to copy.
        return `new URL(["./${fromBundle}${slash}"].join(""), import.meta.url)`;
      });
      return replaced === code ? null : { code: replaced, map: null };
    },
  };
}
