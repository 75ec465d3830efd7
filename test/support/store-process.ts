/**
 * Runs the embedded object store in a process of its own, which tests kill and benchmarks measure:
 *   node test/support/store-process.ts DIR
 * Prints the endpoint in its first line, `swept N` when leftover files have been removed. SIGTERM ends it cleanly.
 */
import { type Logger, silentLogger } from "#kernel/logger.ts";
import { serveStore } from "../../server/store/serve.ts";

const [dataDir] = process.argv.slice(2);
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
const logger: Logger = {
  ...silentLogger,
  info(event, fields) {
    if (event === "store.swept") process.stdout.write(`swept ${String(fields?.files)}\n`);
  },
  error(event, fields) {
    process.stderr.write(`${event} ${String(fields?.cause)}\n`);
  },
  child: () => logger,
};
const { url, closed } = await serveStore({
  dataDir: dataDir!,
  port: 0,
  accessKey: "store-process",
  secretKey: "store-process-secret",
  logger,
  signal: stop.signal,
});
process.stdout.write(`${url}\n`);
await closed;
