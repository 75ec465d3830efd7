import { BlockList, isIP, SocketAddress } from "node:net";
import { AppError } from "#kernel/errors.ts";

/** Where a request comes from, however many proxies of ours it came through. */
export interface ClientAddresses {
  /** Whether this peer's word counts. */
  isTrusted(peer: string): boolean;
  /** The address of whoever is not one of our proxies. `header`: by name, in lower case. */
  addressOf(peer: string, header: (name: string) => string | undefined): string;
}

/**
 * @param trustedProxies Addresses and networks (`10.0.0.0/8, ::1`). From them, and from nobody else,
 *   `x-envoy-external-address` counts, or else `x-forwarded-for`, read from its end to the first that is no proxy.
 * @throws AppError `config.invalid` for what is no address.
 */
export function createClientAddresses(trustedProxies: string): ClientAddresses {
  const trusted = new BlockList();
  for (const entry of trustedProxies.split(",").map((text) => text.trim()))
    if (entry !== "") add(trusted, entry);
  const isTrusted = (peer: string) => {
    const address = plainAddress(peer);
    const family = isIP(address);
    return family !== 0 && trusted.check(address, family === 6 ? "ipv6" : "ipv4");
  };
  return {
    isTrusted,
    addressOf(peer, header) {
      if (!isTrusted(peer)) return plainAddress(peer);
      const external = plainAddress(header("x-envoy-external-address")?.trim() ?? "");
      if (isIP(external) !== 0) return external;
      let nearest = plainAddress(peer);
      for (const text of (header("x-forwarded-for") ?? "").split(",").toReversed()) {
        const address = plainAddress(text.trim());
        // What comes before nonsense was written by whoever wrote the nonsense.
        if (isIP(address) === 0) break;
        nearest = address;
        if (!isTrusted(address)) break;
      }
      return nearest;
    },
  };
}

/** What a limit is kept for: an IPv4 address, or an IPv6 network of 64 bits, which is what one customer gets. Pure. */
export function limitKeyOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const groups = groupsOf(address);
  return `${groups.slice(0, 4).join(":")}::/64`;
}

/** IPv4 in IPv6's clothes is IPv4. */
export function plainAddress(text: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1] ?? text.replace(/%.*$/, "");
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): readonly string[] {
  const { address: plain } = new SocketAddress({ address, family: "ipv6" });
  const [head = "", tail] = plain.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const middle = tail === undefined ? [] : Array.from({ length: 8 - front.length - back.length }, () => "0");
  return [...front, ...middle, ...back].map((group) => group.toLowerCase());
}

function add(list: BlockList, entry: string): void {
  const [address = "", bits] = entry.split("/");
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (family === 0 || !(prefix <= most))
    throw new AppError(
      "config.invalid",
      `“${entry}” in PLATEMARK_TRUSTED_PROXIES is no address and no network.`,
      {
        details: { setting: "trustedProxies" },
      },
    );
  list.addSubnet(address, prefix, family === 6 ? "ipv6" : "ipv4");
}
