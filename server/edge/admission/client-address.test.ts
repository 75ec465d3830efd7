import { describe, expect, test } from "vitest";
import { createClientAddresses, limitKeyOf } from "./client-address.ts";

const addressOf = (trusted: string, peer: string, headers: Record<string, string> = {}) =>
  createClientAddresses(trusted).addressOf(peer, (name) => headers[name]);

describe("where a call comes from", () => {
  test("is the peer, whatever it says, unless it is trusted", () => {
    const headers = { "x-forwarded-for": "1.2.3.4", "x-envoy-external-address": "1.2.3.4" };
    expect(addressOf("", "198.51.100.7", headers)).toBe("198.51.100.7");
    expect(addressOf("10.0.0.0/8", "198.51.100.7", headers)).toBe("198.51.100.7");
  });

  test("is the nearest that is no proxy of ours: what stands before it anybody may have written", () => {
    const headers = { "x-forwarded-for": "6.6.6.6, 198.51.100.7, 10.1.1.1" };
    expect(addressOf("10.0.0.0/8", "10.2.2.2", headers)).toBe("198.51.100.7");
  });

  test("is what Envoy has worked out, when Envoy is trusted", () => {
    const headers = { "x-forwarded-for": "6.6.6.6", "x-envoy-external-address": "2001:db8::1" };
    expect(addressOf("127.0.0.1", "::ffff:127.0.0.1", headers)).toBe("2001:db8::1");
  });

  test("is the last proxy where the list is nonsense or empty", () => {
    expect(addressOf("10.0.0.0/8", "10.2.2.2", { "x-forwarded-for": "1.1.1.1, nonsense, 10.1.1.1" })).toBe(
      "10.1.1.1",
    );
    expect(addressOf("10.0.0.0/8", "10.2.2.2")).toBe("10.2.2.2");
  });

  test.each(["10.0.0.0/33", "nonsense", "::1/129", "10.0.0.0/x"])("takes no “%s” for a network", (entry) => {
    expect(() => createClientAddresses(entry)).toThrow("PLATEMARK_TRUSTED_PROXIES");
  });
});

describe("what a limit is kept for", () => {
  test.each([
    ["203.0.113.9", "203.0.113.9"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:ffff::", "2001:db8:1:2::/64"],
    ["2001:DB8:0001:2::9", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["2001:db8::", "2001:db8:0:0::/64"],
  ])("%s is %s", (address, key) => {
    expect(limitKeyOf(address)).toBe(key);
  });
});
