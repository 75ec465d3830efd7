import { expect, test } from "vitest";
import { FakeClock } from "../test/fakes/fake-clock.ts";
import { renewingToken } from "./token-source.ts";

test("a token is minted once, and again before it runs out or when minting failed", async () => {
  const clock = new FakeClock();
  let minted = 0;
  let fails = false;
  const token = renewingToken(async ({ now }) => {
    minted++;
    if (fails) throw new Error("no");
    return `token-${now}`;
  }, clock);
  const first = await token();
  await clock.advance(800_000);
  expect(await token()).toBe(first);
  expect(minted).toBe(1);
  await clock.advance(50_000);
  expect(await token()).not.toBe(first);
  await clock.advance(900_000);
  fails = true;
  await expect(token()).rejects.toThrow("no");
  fails = false;
  await expect(token()).resolves.toMatch(/^token-/);
  expect(minted).toBe(4);
});
