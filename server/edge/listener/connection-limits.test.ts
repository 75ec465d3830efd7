import fc from "fast-check";
import { expect, test } from "vitest";
import { ConnectionLimits } from "./connection-limits.ts";

test("lets in so many from one address and so many in all, whatever comes and goes", () => {
  const step = fc.record({ address: fc.constantFrom("a", "b", "proxy"), leave: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const limits = new ConnectionLimits({
        total: 6,
        perAddress: 2,
        isTrusted: (address) => address === "proxy",
      });
      const open: { address: string; release: () => void }[] = [];
      for (const { address, leave } of steps) {
        if (leave) {
          const [leaving] = open.splice(0, 1);
          // A connection may be told twice that it is closed.
          leaving?.release();
          leaving?.release();
          continue;
        }
        const own = open.filter((each) => each.address === address).length;
        const room = open.length < 6 && (own < 2 || address === "proxy");
        const release = limits.admit(address, address);
        expect(release !== null).toBe(room);
        if (release) open.push({ address, release });
      }
    }),
  );
});
