import { isIP } from "node:net";
import { RE2JS } from "re2js";
import { z } from "zod";
import { AppError } from "#kernel/errors.ts";

const port = z.int().min(1).max(65_535);
const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "small letters, digits and hyphens");

const endpoint = z.strictObject({
  host: z.string().min(1).max(253),
  port,
  /** Share of the release's requests. */
  weight: z.int().min(1).max(1_000).default(1),
});

const release = z
  .strictObject({
    name,
    /** Share of all requests; 0: ready, and not asked. */
    weight: z.int().min(0).max(1_000_000).default(1),
    endpoints: z.array(endpoint).min(1).max(1_000),
  })
  .refine(({ endpoints }) => endpoints.every(({ host }) => isIP(host) !== 0) || endpoints.length === 1, {
    message: "endpoints are addresses, or one host name",
  });

/** What Envoy takes of RE2's instructions, where nobody has told it otherwise. */
const LARGEST_PROGRAM = 100;

const origin = z
  .strictObject({ kind: z.enum(["exact", "wildcard", "regex"]), value: z.string().min(1).max(500) })
  .superRefine(({ kind, value }, context) => {
    const problem = kind === "regex" ? regexProblem(value) : originProblem(kind, value);
    if (problem !== null) context.addIssue({ code: "custom", message: problem, path: ["value"] });
  });
/** A page's origin that may call: `https://shop.example`, `https://*.shop.example`, or a regular expression (RE2) that
 *  has to match all of it. */
export type OriginEntry = z.infer<typeof origin>;

const edgeConfigSchema = z
  .strictObject({
    listen: z
      .strictObject({
        host: z.string().default("127.0.0.1"),
        port: port.default(8080),
        /** Files on Envoy's computer. */
        tls: z.strictObject({ certificate: z.string().min(1), key: z.string().min(1) }).optional(),
      })
      .prefault({}),
    domains: z.array(z.string().min(1)).min(1).default(["*"]),
    /** Proxies before Envoy whose `x-forwarded-for` is believed. */
    trustedProxies: z.int().min(0).max(10).default(0),
    origins: z.array(origin).max(1_000).default([]),
    tokens: z
      .strictObject({
        /** File with a JSON Web Key Set. */
        jwks: z.string().min(1),
        /** `inline`: its public keys are in the configuration; `path`: Envoy reads the file itself. */
        deliver: z.enum(["inline", "path"]).default("inline"),
        audiences: z.array(z.string().min(1)).min(1).default(["platemark"]),
        issuer: z.string().min(1).optional(),
      })
      .optional(),
    /** Requests over all callers of one Envoy. */
    rateLimit: z
      .strictObject({ requests: z.int().min(1).max(10_000_000), seconds: z.number().min(0.05).default(1) })
      .optional(),
    healthCheck: z.enum(["grpc", "http", "none"]).default("http"),
    releases: z.array(release).min(1).max(64),
  })
  .refine(({ releases }) => new Set(releases.map(({ name: own }) => own)).size === releases.length, {
    message: "two releases have one name",
    path: ["releases"],
  })
  .refine(({ releases }) => releases.some(({ weight }) => weight > 0), {
    message: "one release at least must have a weight above 0",
    path: ["releases"],
  });
/** What a site says of the way to its servers (docs/guides/envoy.md). */
export type EdgeConfig = z.infer<typeof edgeConfigSchema>;
export type Release = EdgeConfig["releases"][number];

function originProblem(kind: "exact" | "wildcard", value: string): string | null {
  if (kind === "wildcard" && !/^https?:\/\/\*\.[^*]+$/.test(value))
    return "a wildcard is like https://*.shop.example";
  const spelt = value.replace("://*.", "://");
  return URL.canParse(spelt) && new URL(spelt).origin === spelt
    ? null
    : "an origin is a scheme, a host and perhaps a port, as browsers write it";
}

function regexProblem(value: string): string | null {
  try {
    return RE2JS.compile(`^(?:${value})$`).programSize() <= LARGEST_PROGRAM
      ? null
      : "the expression is larger than Envoy takes";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @throws AppError `config.invalid` that names the place. */
export function parseEdgeConfig(text: string, file: string): EdgeConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError("config.invalid", `${file} is no valid JSON: ${(cause as Error).message}.`, { cause });
  }
  const parsed = edgeConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new AppError("config.invalid", `${file} is wrong at “${path.join(".") || "its top"}”: ${message}.`);
}
