/** Randomness as a port: tests inject their own. */
export interface Random {
  /** A version 4 UUID. */
  uuid(): string;
  /** Uniform in [0, 1). */
  float(): number;
}

export const systemRandom: Random = {
  uuid: () => globalThis.crypto.randomUUID(),
  float: () => Math.random(),
};

/** A trace id as W3C Trace Context defines it: 32 lower-case hex digits, not all zero. */
export function newTraceId(random: Random): string {
  return random.uuid().replaceAll("-", "");
}
