import { z } from "zod";
import { AppError } from "#kernel/errors.ts";
import { markSpecSchema } from "./mark-spec.ts";

const optionalUrl = z.url().optional();

/**
 * Every setting there is. A setting comes from a flag (`--s3-url`), else the environment (`PLATEMARK_S3_URL`),
 * else `settings.json` in the home folder (`{"s3Url": …}`), else its default.
 */
export const settingsSchema = z.strictObject({
  home: z.string().min(1),
  s3Url: optionalUrl,
  s3AccessKey: z.string().min(1).optional(),
  s3SecretKey: z.string().min(1).optional(),
  s3Bucket: z.string().min(3).max(63).default("ecommerce-images"),
  s3Region: z.string().min(1).default("us-east-1"),
  redisUrl: optionalUrl,
  databaseUrl: optionalUrl,
  /** Marks a second over all workers, 0: no limit. Unset: 5 for `serve` and `worker`, no limit when embedded. */
  markQps: z.coerce.number().min(0).optional(),
  /** Pictures marked at once by one worker. Unset: as many as cores. */
  markConcurrency: z.coerce.number().int().min(1).max(64).optional(),
  /** How long every change of a picture is remembered, in days. A client that was away for longer asks anew. */
  eventDays: z.coerce.number().int().min(1).max(36_500).default(30),
  /** How long what was visible before is kept for a rollback, in days. */
  snapshotDays: z.coerce.number().int().min(1).max(36_500).default(30),
  /** A control plane elsewhere; unset: one runs inside this program. */
  serverUrl: optionalUrl,
  /** Bearer token for `serverUrl`. */
  token: z.string().min(1).optional(),
  /** HS256 secret of the tokens, at least 32 characters: `serve` verifies with it, a client may mint with it. */
  tokenSecret: z.string().min(32).optional(),
  /** JWKS file with the public keys of the tokens; read again when it changes. */
  tokenKeysFile: z.string().min(1).optional(),
  /** The same behind an https URL. */
  tokenKeysUrl: z.url({ protocol: /^https$/ }).optional(),
  /** Tokens for others are refused. */
  tokenAudience: z.string().min(1).max(256).default("platemark"),
  /** Unset: whoever holds a key may issue tokens. */
  tokenIssuer: z.string().min(1).max(256).optional(),
  /** How far the clocks of issuers may be ahead, in seconds. */
  tokenClockTolerance: z.coerce.number().int().min(0).max(60).default(5),
  /** PEM files: the chain that `serve` shows, and its key. With them the port speaks TLS alone. */
  tlsCert: z.string().min(1).optional(),
  tlsKey: z.string().min(1).optional(),
  /** Which of the lists in `originsFile` is in force. */
  environment: z.enum(["production", "staging", "local"]).default("production"),
  /** JSON file with the origins whose pages may call; read again when it changes. */
  originsFile: z.string().min(1).optional(),
  /** Ed25519 private key, JWK or PEM, that proofs are signed with. Unset: one in the home folder, made when missing. */
  proofKey: z.string().min(1).optional(),
  user: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
    .default("studio"),
  /** Base URL of an OTLP receiver (HTTP, protobuf) for spans. Unset: OTEL_EXPORTER_OTLP_ENDPOINT, else no spans. */
  otlpEndpoint: optionalUrl,
  /** `serve`: port of 127.0.0.1 where `/metrics` answers; unset: none. */
  metricsPort: z.coerce.number().int().min(0).max(65_535).optional(),
  /** Calls a second from one address, twice as many at once; 0: no limit. Not for the embedded server. */
  addressRate: z.coerce.number().min(0).max(1_000_000).default(500),
  /** Calls a second of one user, twice as many at once; 0: no limit. Not for the embedded server. */
  userRate: z.coerce.number().min(0).max(1_000_000).default(200),
  /** Addresses and networks, with commas between them, whose word on where a call comes from is believed. */
  trustedProxies: z.string().default(""),
  /** How long calls in flight may take to end when the server stops, in milliseconds. */
  drainMs: z.coerce.number().int().min(0).max(600_000).default(10_000),
  /** How long a server that stops still answers before that, so that load balancers can look elsewhere. Milliseconds. */
  drainNoticeMs: z.coerce.number().int().min(0).max(600_000).default(0),
  /** Connections open at once. */
  maxConnections: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  /** Connections open at once from one address (IPv6: one /64); trusted proxies have no such limit. */
  maxAddressConnections: z.coerce.number().int().min(1).max(1_000_000).default(256),
  /** Whether everybody may ask for the services' descriptors (gRPC reflection). */
  reflection: z.stringbool().or(z.boolean()).default(false),
  logLevel: z.enum(["debug", "info", "warn", "error", "silent"]).default("warn"),
  mark: markSpecSchema.prefault({}),
});
export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof Settings;

/** `s3Url` → `PLATEMARK_S3_URL`. */
export function environmentName(name: string): string {
  return `PLATEMARK_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** `s3Url` → `--s3-url`. */
export function flagName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** @throws AppError `config.invalid` that names the setting, where it came from, and what is wrong. */
export function parseSettings(layers: {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: Readonly<Record<string, unknown>>;
  readonly filePath: string;
  readonly defaultHome: string;
}): Settings {
  const merged: Record<string, unknown> = {};
  const origin = new Map<string, string>();
  const set = (name: string, value: unknown, from: string) => {
    if (value === undefined || value === "") return;
    merged[name] = value;
    origin.set(name, from);
  };
  set("home", layers.defaultHome, "the default home folder");
  for (const [name, value] of Object.entries(layers.file)) set(name, value, layers.filePath);
  set("otlpEndpoint", layers.environment.OTEL_EXPORTER_OTLP_ENDPOINT, "OTEL_EXPORTER_OTLP_ENDPOINT");
  for (const name of Object.keys(settingsSchema.shape))
    if (name !== "mark") set(name, layers.environment[environmentName(name)], environmentName(name));
  for (const [name, value] of Object.entries(layers.flags)) set(name, value, flagName(name));

  const parsed = settingsSchema.safeParse(merged);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const name = String(issue.path[0] ?? (issue.code === "unrecognized_keys" ? issue.keys[0] : "settings"));
    throw new AppError(
      "config.invalid",
      `The setting “${issue.path.join(".") || name}” from ${origin.get(name) ?? layers.filePath} is wrong: ${issue.message}.`,
      { details: { setting: name } },
    );
  }
  const settings = parsed.data;
  if (settings.tokenKeysFile && settings.tokenKeysUrl)
    throw new AppError(
      "config.invalid",
      `${environmentName("tokenKeysFile")} and ${environmentName("tokenKeysUrl")} do not go together; keep one.`,
      { details: { setting: "tokenKeysUrl" } },
    );
  if (settings.s3Url && !(settings.s3AccessKey && settings.s3SecretKey))
    throw new AppError(
      "config.invalid",
      `${environmentName("s3Url")} needs ${environmentName("s3AccessKey")} and ${environmentName("s3SecretKey")} as well.`,
      { details: { setting: "s3AccessKey" } },
    );
  return Object.freeze(settings);
}
