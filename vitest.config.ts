import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{shared,server,studio,electron,renderer}/**/*.test.{ts,tsx}", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/fixtures/**"],
    globalSetup: ["test/support/name-what-is-missing.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
  },
});
