import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

/** A process of its own: here something may have loaded it before. */
const LOADED = `
  const { registerHooks } = await import("node:module");
  const loaded = [];
  registerHooks({ resolve(name, context, next) { if (name.startsWith("@opentelemetry")) loaded.push(name); return next(name, context); } });
  const { openTracer } = await import("./server/adapters/trace/open-tracer.ts");
  await import("./server/create-server.ts");
  const endpoint = process.argv[1];
  await openTracer({ endpoint, service: "test", version: "" }, { logger: undefined });
  process.stdout.write(String(loaded.length > 0));
`;

test.each([
  ["not loaded without an endpoint", [], "false"],
  ["loaded with one", ["http://127.0.0.1:1"], "true"],
])("OpenTelemetry is %s", (_what, endpoint, loaded) => {
  const answer = execFileSync(process.execPath, ["--input-type=module", "-e", LOADED, ...endpoint]);
  expect(answer.toString()).toBe(loaded);
});
