import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

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
