import { describe, expect, test } from "vitest";
import { BufferPool } from "./buffer-pool.ts";

const signal = new AbortController().signal;
const MIB = 1024 * 1024;

describe("a pool of buffers", () => {
  test("lends the exact size, and the same memory again", async () => {
    const pool = new BufferPool(8 * MIB);
    const first = await pool.borrow(3 * MIB - 5, { signal });
    expect(first.bytes).toHaveLength(3 * MIB - 5);
    const memory = first.bytes.buffer;
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    const again = await pool.borrow(3 * MIB - 9, { signal });
    const other = await pool.borrow(3 * MIB, { signal });
    expect(again.bytes.buffer).toBe(memory);
    expect(other.bytes.buffer).not.toBe(memory);
  });

  test("lets who asks for more wait until something is given back", async () => {
    const pool = new BufferPool(2 * MIB);
    const first = await pool.borrow(2 * MIB, { signal });
    let served = false;
    const second = pool.borrow(MIB, { signal }).then((lent) => {
      served = true;
      return lent;
    });
    await Promise.resolve();
    expect(served).toBe(false);
    first[Symbol.dispose]();
    expect((await second).bytes).toHaveLength(MIB);
  });

  test("does not keep a buffer of a far larger file for a small one", async () => {
    const pool = new BufferPool(8 * MIB);
    const large = await pool.borrow(8 * MIB, { signal });
    const memory = large.bytes.buffer;
    large[Symbol.dispose]();
    expect((await pool.borrow(MIB, { signal })).bytes.buffer).not.toBe(memory);
  });
});
