import { describe } from "vitest";
import { COMPONENT_VARIABLES, type RealComponent } from "./component-variables.ts";

/** The component's URL or path; `undefined` when it is not there. */
export function real(component: RealComponent): string | undefined {
  const value = process.env[COMPONENT_VARIABLES[component]];
  if (!value && process.env.REQUIRE_REAL === "1")
    throw new Error(
      `REQUIRE_REAL=1, but ${COMPONENT_VARIABLES[component]} is not set: ${component} is missing.`,
    );
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
