/**
 * The environment variables that name the real components tests use: a URL, or a program's path.
 * `node scripts/real-components.ts start DIR` starts them all and prints these variables. With REQUIRE_REAL=1
 * (continuous integration) a missing one is an error; without, its tests are passed over by name.
 */
export const COMPONENT_VARIABLES = {
  minio: "PLATEMARK_TEST_MINIO_URL",
  redis: "PLATEMARK_TEST_REDIS_URL",
  postgres: "PLATEMARK_TEST_POSTGRES_URL",
  chromium: "PLATEMARK_TEST_CHROMIUM",
  exiftool: "PLATEMARK_TEST_EXIFTOOL",
  imagemagick: "PLATEMARK_TEST_IMAGEMAGICK",
  python: "PLATEMARK_TEST_PYTHON",
  envoy: "PLATEMARK_TEST_ENVOY",
  conformance: "PLATEMARK_TEST_CONFORMANCE",
  goExample: "PLATEMARK_TEST_GO_EXAMPLE",
} as const;
export type RealComponent = keyof typeof COMPONENT_VARIABLES;
