import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Tests start the program some hundred times, each in a home of its own. What Node has compiled once need not be
// compiled for each.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, "node_modules/.cache/compiled");

export default defineConfig({
  test: {
    include: ["{shared,server,studio,electron,renderer}/**/*.test.{ts,tsx}", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/fixtures/**"],
    globalSetup: ["test/support/name-what-is-missing.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    // Many tests wait for processes and clocks. Left to itself, vitest runs one file at a time on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
