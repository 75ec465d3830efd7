/**
 * What single stations on a call's way cost, in microseconds of CPU a call:
 *   npm run bench:stations -- [--json] [--rounds 7]
 *
 * guard    a port's call through the breaker and bulkhead in front of the store, and with the database's limit of time,
 *          beside the same call straight
 * token    a token's first check (signature), and a further one with the same token, by algorithm
 * All in one process, the arms in turn, round after round.
 */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { parseArgs } from "node:util";
import { exportJWK, SignJWT } from "jose";
import { ComponentGuard } from "../../server/adapters/guard/component-guard.ts";
import { keyFor, parseKeySet } from "../../server/edge/tokens/key-set.ts";
import { secretKeys } from "../../server/edge/tokens/secret-key.ts";
import { createTokenAuthenticator } from "../../server/edge/tokens/token-authenticator.ts";
import { unobserved } from "../../server/services/ports/component-observer.ts";
import { systemClock } from "../../shared/kernel/clock.ts";
import { silentLogger } from "../../shared/kernel/logger.ts";
import { noTracer } from "../../shared/kernel/tracer.ts";
import { printReport, sampled } from "./report.ts";

const { values } = parseArgs({
  options: { json: { type: "boolean" }, rounds: { type: "string", default: "7" } },
});
const ROUNDS = Number(values.rounds);
const GUARDED_CALLS = 50_000;
const CHECKS = 1_000;
const SECRET = "a-secret-of-this-benchmark-alone-012345";
const RULES = { audience: "platemark", issuer: null, toleranceSeconds: 5 };

interface Arm {
  readonly name: string;
  readonly calls: number;
  readonly run: () => Promise<void>;
}

function guardArms(): Arm[] {
  const port = { ask: async () => 1 };
  const deps = { clock: systemClock, logger: silentLogger, tracer: noTracer, observer: unobserved };
  const guarded = (timeoutMs?: number) => {
    const options = { component: "store", awayCode: "store.unreachable", atOnce: 256 } as const;
    const guard = new ComponentGuard({ ...options, ...(timeoutMs !== undefined && { timeoutMs }) }, deps);
    return guard.guard(port, ["ask"]);
  };
  const arm = (name: string, asked: typeof port): Arm => ({
    name,
    calls: GUARDED_CALLS,
    async run() {
      for (let n = 0; n < GUARDED_CALLS; n++) await asked.ask();
    },
  });
  return [
    arm("call, straight", port),
    arm("call, guarded", guarded()),
    arm("call, guarded with a limit of time", guarded(60_000)),
  ];
}

const PAIRS: Readonly<Record<string, () => { privateKey: KeyObject; publicKey: KeyObject }>> = {
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  EdDSA: () => generateKeyPairSync("ed25519"),
};

/** Tokens that differ, so that each is met for the first time once. */
async function tokensOf(alg: string, key: KeyObject | Uint8Array): Promise<string[]> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: "ann", bucket: "ecommerce-images", objectKeyPrefix: "raw/ann/", maxSize: 1e9 };
  return await Promise.all(
    Array.from({ length: CHECKS * ROUNDS }, (_, n) =>
      new SignJWT({ ...claims, aud: "platemark", iat: now, nbf: now, exp: now + 900, jti: String(n) })
        .setProtectedHeader({ alg, kid: "k" })
        .sign(key),
    ),
  );
}

async function tokenArms(alg: string): Promise<Arm[]> {
  const pair = PAIRS[alg]?.();
  const signingKey = pair?.privateKey ?? new TextEncoder().encode(SECRET);
  const published =
    pair &&
    (await parseKeySet(JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k" }] })));
  const keys = published
    ? { find: async (header: Parameters<typeof keyFor>[1]) => keyFor(published, header) }
    : secretKeys(SECRET);
  const authenticator = createTokenAuthenticator({ keys, clock: systemClock }, RULES);
  const fresh = await tokensOf(alg, signingKey);
  const known = fresh[0]!;
  return [
    {
      name: `token, ${alg}, first check`,
      calls: CHECKS,
      async run() {
        for (const token of fresh.splice(0, CHECKS)) await authenticator.authenticate(token);
      },
    },
    {
      name: `token, ${alg}, a further one`,
      calls: CHECKS,
      async run() {
        for (let n = 0; n < CHECKS; n++) await authenticator.authenticate(known);
      },
    },
  ];
}

const arms = guardArms();
for (const alg of ["HS256", ...Object.keys(PAIRS)]) arms.push(...(await tokenArms(alg)));
const samples = new Map<string, number[]>(arms.map(({ name }) => [name, []]));
for (let round = 0; round < ROUNDS; round++)
  for (const { name, calls, run } of arms) {
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    samples.get(name)!.push((user + system) / calls);
  }
printReport(
  "stations of a call",
  arms.map(({ name }) => {
    const { median, min, max } = sampled(samples.get(name)!);
    const microseconds = (value: number) => Number(value.toFixed(2));
    return {
      station: name,
      "CPU µs a call": microseconds(median),
      min: microseconds(min),
      max: microseconds(max),
    };
  }),
);
