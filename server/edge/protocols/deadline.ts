const GRPC = /^(\d{1,8})([HMSmun])$/;
const CONNECT = /^\d{1,10}$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** Milliseconds that a call may take; `undefined`: as long as it likes; NaN: malformed. Pure. */
export function parseTimeout(
  header: "grpc-timeout" | "connect-timeout-ms",
  value: string | undefined,
): number | undefined {
  if (value === undefined) return undefined;
  if (header === "connect-timeout-ms") return CONNECT.test(value) ? Number(value) : Number.NaN;
  const [, digits, unit] = GRPC.exec(value) ?? [];
  return unit === undefined ? Number.NaN : Number(digits) * UNIT_MS[unit]!;
}
