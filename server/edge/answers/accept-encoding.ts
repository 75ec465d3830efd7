/** RFC 9110, section 12.5.3. A field that is longer says nothing that counts. Characters. */
const MAX_LENGTH = 1_000;
const ITEM =
  /^\s*(?<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;\s*[qQ]=(?<q>0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/;

/**
 * The content coding that a client likes best among `offered`, which stand in the server's order of preference; `null`:
 * send it as it is. What is malformed is passed over. Also reads `grpc-accept-encoding`, which has no weights. Pure.
 */
export function chooseEncoding(accepted: string | undefined, offered: readonly string[]): string | null {
  if (accepted === undefined || accepted.length > MAX_LENGTH) return null;
  const weights = new Map<string, number>();
  for (const item of accepted.split(",")) {
    const groups = ITEM.exec(item)?.groups;
    if (groups?.name) weights.set(groups.name.toLowerCase(), Number(groups.q ?? 1));
  }
  const weigh = (name: string) => weights.get(name) ?? weights.get("*") ?? 0;
  let best: string | null = null;
  // Named with a higher weight, the plain form wins; unnamed, it is what is left.
  let bestWeight = weights.get("identity") ?? 0;
  for (const name of offered) {
    const weight = weigh(name);
    if (weight > 0 && (best === null ? weight >= bestWeight : weight > bestWeight)) {
      best = name;
      bestWeight = weight;
    }
  }
  return best;
}
