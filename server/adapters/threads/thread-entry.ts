import { existsSync } from "node:fs";
import { URL } from "node:url";

/**
 * Where a thread's entry is: `source` in source form; in a bundle the file of that name, which lies beside the program's
 * entry, and so beside this one or, where it became a shared chunk, one folder above.
 */
export function threadEntry(source: URL): URL {
  if (import.meta.url.endsWith(".ts")) return source;
  const name = source.pathname.replace(/^.*\/([^/]+)\.[a-z]+$/, "$1.js");
  const beside = new URL(`./${name}`, import.meta.url);
  return existsSync(beside) ? beside : new URL(`../${name}`, import.meta.url);
}
