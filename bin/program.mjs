// The command-line tool itself; platemark.mjs starts it.
import { main } from "../studio/cli/main.ts";

await main(process.argv.slice(2));
