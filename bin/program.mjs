// The command-line tool itself; platemark.mjs starts it.
import { existsSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { homeOf } from "../studio/default-home.ts";

const home = homeOf(process.argv.slice(2), process.env);
// Nothing is made where Platemark has no home yet. Our children are told by the environment.
if (existsSync(home)) {
  const { directory } = enableCompileCache(join(home, "compiled"));
  if (directory) process.env.NODE_COMPILE_CACHE ??= join(home, "compiled");
}
const { main } = await import("../studio/cli/main.ts");
await main(process.argv.slice(2));
