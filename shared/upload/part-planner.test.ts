import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { choosePartSize, MAX_PART_SIZE, MAX_PARTS, MIN_PART_SIZE, planParts } from "./part-planner.ts";

const MIB = 1024 * 1024;
const sizes = fc.oneof(
  fc.integer({ min: 1, max: 64 * MIB }),
  fc.integer({ min: 1, max: MAX_PARTS * MAX_PART_SIZE }),
);

describe("a part plan", () => {
  test("covers every byte once, in order, within the limits of S3", () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const partSize = choosePartSize(size);
        const plan = planParts(size, partSize);
        expect(partSize).toBeGreaterThanOrEqual(MIN_PART_SIZE);
        expect(plan.count).toBeLessThanOrEqual(MAX_PARTS);
        expect(plan.part(1).start).toBe(0);
        expect(plan.part(plan.count).end).toBe(size);
        for (const n of [1, Math.ceil(plan.count / 2), plan.count - 1].filter(
          (n) => n >= 1 && n < plan.count,
        )) {
          expect(plan.part(n).end - plan.part(n).start).toBe(partSize);
          expect(plan.part(n + 1).start).toBe(plan.part(n).end);
        }
        const last = plan.part(plan.count);
        expect(last.end).toBeGreaterThan(last.start);
      }),
    );
  });

  test("keeps to the usual part size until 10,000 parts ask for more", () => {
    expect(choosePartSize(80_000 * MIB)).toBe(8 * MIB);
    expect(choosePartSize(80_000 * MIB + 1)).toBe(9 * MIB);
  });

  test("refuses what 10,000 parts do not hold", () => {
    const tooMany = expect.objectContaining({ code: "upload.too_many_parts" });
    expect(() => planParts(MAX_PARTS * MIN_PART_SIZE + 1, MIN_PART_SIZE)).toThrow(tooMany);
    expect(() => choosePartSize(MAX_PARTS * MAX_PART_SIZE + 1)).toThrow(tooMany);
    expect(planParts(MAX_PARTS * MIN_PART_SIZE, MIN_PART_SIZE).count).toBe(MAX_PARTS);
  });

  test("refuses parts below 5 MiB, empty files and part numbers that it has not", () => {
    const invalid = expect.objectContaining({ code: "invalid_argument" });
    expect(() => planParts(6 * MIB, MIN_PART_SIZE - 1)).toThrow(invalid);
    expect(() => planParts(0, MIN_PART_SIZE)).toThrow(invalid);
    for (const n of [0, 2, 1.5]) expect(() => planParts(1, MIN_PART_SIZE).part(n)).toThrow(invalid);
  });
});
