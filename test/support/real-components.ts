import { describe } from "vitest";

/**
 * The real components that tests use, by the environment variables that name them. `node scripts/real-components.ts start`
 * starts them all and prints these variables. With REQUIRE_REAL=1 (continuous integration) a missing one is an error;
 * without, its tests are skipped and the suite's title says what was missing.
 */
const VARIABLES = {
  minio: "PLATEMARK_TEST_MINIO_URL",
  redis: "PLATEMARK_TEST_REDIS_URL",
  postgres: "PLATEMARK_TEST_POSTGRES_URL",
  chromium: "PLATEMARK_TEST_CHROMIUM",
  exiftool: "PLATEMARK_TEST_EXIFTOOL",
  imagemagick: "PLATEMARK_TEST_IMAGEMAGICK",
  python: "PLATEMARK_TEST_PYTHON",
} as const;
export type RealComponent = keyof typeof VARIABLES;

/** The component's URL or path; `undefined` when it is not there. */
export function real(component: RealComponent): string | undefined {
  const value = process.env[VARIABLES[component]];
  if (!value && process.env.REQUIRE_REAL === "1")
    throw new Error(`REQUIRE_REAL=1, but ${VARIABLES[component]} is not set: ${component} is missing.`);
  return value || undefined;
}

/** Root credentials of the MinIO under test. */
export const minioCredentials = {
  accessKey: process.env.PLATEMARK_TEST_MINIO_ACCESS_KEY ?? "platemark-test",
  secretKey: process.env.PLATEMARK_TEST_MINIO_SECRET_KEY ?? "platemark-test-secret",
};

/** `describe` that runs only where every named component is. */
export function describeReal(title: string, components: readonly RealComponent[], suite: () => void): void {
  const missing = components.filter((component) => real(component) === undefined);
  if (missing.length > 0) describe.skip(`${title} (skipped: no ${missing.join(", ")})`, suite);
  else describe(title, suite);
}
