import { createHash } from "node:crypto";
import { resolvedOfSpec } from "#imaging/resolved-of-spec.ts";
import type { ImageMarker, MarkedPicture, MarkOptions } from "../../server/services/ports/image-marker.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** "Marks" by writing the mark's text and the original's hash: what is visible can be read. */
export class FakeMarker implements ImageMarker {
  /** Makes each result another one, as marks do that hold the time. */
  unique = false;
  #marked = 0;

  async mark(input: Uint8Array, { mark }: MarkOptions): Promise<MarkedPicture> {
    const run = this.unique ? ` ${process.pid}.${this.#marked++}` : "";
    const body = Buffer.from(`${textOf(mark)} on ${sha256(input)}${run}`);
    const touched = [{ left: 0, top: 0, width: 1, height: 1, page: 0 }];
    const size = { width: 1, height: 1, frames: 1 };
    return { body, contentType: "image/jpeg", ...size, touched, path: "pixels" };
  }

  preview(): Promise<never> {
    return Promise.reject(new Error("This marker has no previews."));
  }

  async close(): Promise<void> {}
}

/** The texts that a mark writes. */
function textOf(mark: MarkOptions["mark"]): string {
  const { layers } =
    typeof mark === "function"
      ? mark({ width: 1, height: 1 })
      : "layers" in mark
        ? mark
        : resolvedOfSpec(mark);
  return layers.map((layer) => (layer.kind === "image" ? layer.asset : layer.value)).join(" ");
}
