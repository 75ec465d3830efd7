import { createHash } from "node:crypto";
import sharp from "sharp";
import { AppError } from "#kernel/errors.ts";
import type { PictureProver } from "../../services/ports/picture-prover.ts";

/**
 * Stands in for the signing prover until there is one: it compares dimensions and writes both hashes down, unsigned. It
 * does not look at a single pixel, and so claims no more than `whole_image`.
 */
export function createUnsignedProver(): PictureProver {
  return {
    async prove({ original, marked, touched, template, objectKey, markedKey, traceId }) {
      const [before, after] = await Promise.all([dimensions(original), dimensions(marked)]);
      if (before !== after)
        throw new AppError("proof.failed", `The marked picture has ${after} pixels, the original ${before}.`);
      const record = {
        signed: false,
        class: "whole_image",
        objectKey,
        markedKey,
        traceId,
        template,
        touched,
        originalSha256: sha256(original),
        markedSha256: sha256(marked),
      };
      return { record: Buffer.from(JSON.stringify(record)), class: "whole_image" };
    },
    async close() {},
  };
}

async function dimensions(picture: Uint8Array): Promise<string> {
  const { width, height, pages = 1 } = await sharp(picture, { pages: -1 }).metadata();
  return `${width} × ${height} × ${pages}`;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
