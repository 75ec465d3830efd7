/** In this order: the first that a reason speaks of. */
const LABELS: readonly (readonly [RegExp, string])[] = [
  [/expired|15 minutes/, "expired"],
  [/future|not valid yet/, "not_yet_valid"],
  [/SIGNATURE/, "signature"],
  [/claim aud|claim iss/, "audience"],
  [/claim|prefix/, "claims"],
  [/key|kid|algorithm/, "key"],
  [/no bearer/, "scheme"],
  [/of this launch/, "launch"],
  [/scope/, "scope"],
  [/used before/, "used"],
];

/** Why a token was refused, in one of a few words: what the log says more exactly. Pure. */
export function tokenRefusalLabel(reason: string): string {
  return LABELS.find(([pattern]) => pattern.test(reason))?.[1] ?? "malformed";
}
