import { isIP } from "node:net";
import { z } from "zod";
import { AppError } from "#kernel/errors.ts";
import { parseOriginsDocument } from "../../edge/origins/origins-document.ts";
import type { Environment, OriginEntry } from "../../services/ports/origin-control.ts";

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

const edgeDocumentSchema = z
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
    /** Origins whose pages may call, as the server's own list has them. */
    origins: z.array(z.unknown()).default([]),
    /** The server's own list: what is in it for `environment` is allowed, too. */
    originsFile: z.string().min(1).optional(),
    environment: z.enum(["production", "staging", "local"]).default("production"),
    /** Services that are not for those outside, by their full names. */
    withhold: z.array(z.string().min(1)).default(["platemark.v1.AdminService"]),
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
    healthCheck: z.enum(["grpc", "http", "none"]).default("grpc"),
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
type EdgeDocument = z.infer<typeof edgeDocumentSchema>;
export type Release = EdgeDocument["releases"][number];

/** What a site says of the way to its servers (docs/guides/envoy.md). */
export interface EdgeConfig extends Omit<EdgeDocument, "origins"> {
  readonly origins: readonly OriginEntry[];
}

/** @throws AppError `config.invalid` that names the place. */
export function parseEdgeConfig(text: string, file: string): EdgeConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError("config.invalid", `${file} is no valid JSON: ${(cause as Error).message}.`, { cause });
  }
  const parsed = edgeDocumentSchema.safeParse(value);
  if (parsed.success) {
    const { origins, environment } = parsed.data;
    const list = JSON.stringify({ [environment]: origins });
    return { ...parsed.data, origins: originsOf(list, environment, file) };
  }
  const { path, message } = parsed.error.issues[0]!;
  throw new AppError("config.invalid", `${file} is wrong at “${path.join(".") || "its top"}”: ${message}.`);
}

/** One environment's origins of a list. @throws AppError `config.invalid` that names the entry. */
export function originsOf(text: string, environment: Environment, file: string): readonly OriginEntry[] {
  try {
    return parseOriginsDocument(text)[environment];
  } catch (cause) {
    throw new AppError("config.invalid", `${file}, origins: ${AppError.from(cause).message}`, { cause });
  }
}
