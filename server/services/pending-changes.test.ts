import fc from "fast-check";
import { expect, test } from "vitest";
import { PendingChanges } from "./pending-changes.ts";
import type { MediaEvent, MediaRow } from "./ports/media-repository.ts";

test("a client that takes some and resumes from there knows the last state of every picture", () => {
  const pictures = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 });
  fc.assert(
    fc.property(pictures, fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 20 }), (changed, takes) => {
      const events = changed.map((id, at): MediaEvent => {
        const media = { id: String(id), version: at + 1 } as MediaRow;
        return { sequence: at + 1, media, kind: "media.changed", atMs: 0 };
      });
      const pending = new PendingChanges(100, 0);
      pending.put(events, events.length);
      const known = new Map<string, number>();
      let resumeFrom = 0;
      for (const count of takes) {
        const { rows, sequence } = pending.take(count);
        for (const { id, version } of rows) known.set(id, version);
        expect(sequence).toBeGreaterThanOrEqual(resumeFrom);
        resumeFrom = sequence;
      }
      for (const { media } of events.slice(resumeFrom)) known.set(media.id, media.version);
      const last = new Map(events.map(({ media }) => [media.id, media.version]));
      expect(known).toEqual(last);
    }),
  );
});

test("holds each picture once", () => {
  const pending = new PendingChanges(2, 0);
  const event = (sequence: number, id: string): MediaEvent => ({
    sequence,
    media: { id } as MediaRow,
    kind: "media.changed",
    atMs: 0,
  });
  pending.put([event(1, "a"), event(2, "a"), event(3, "a")], 3);
  expect(pending.isFull).toBe(false);
  expect(pending.take(10)).toMatchObject({ rows: [{ id: "a" }], sequence: 3 });
  expect(pending.isEmpty).toBe(true);
});
