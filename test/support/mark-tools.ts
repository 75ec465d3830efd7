import { tmpdir } from "node:os";
import type { MarkSpec } from "#contracts/mark-spec.ts";
import type { InkTile } from "#imaging/overlay.ts";
import { resolvedOfSpec } from "#imaging/resolved-of-spec.ts";
import { InkWell } from "../../server/adapters/imaging/ink-tiles.ts";
import type { PictureFacts } from "../../server/adapters/imaging/inspect-picture.ts";
import { loadOverlayRenderer } from "../../server/adapters/imaging/load-overlay-renderer.ts";
import { MarkColors } from "../../server/adapters/imaging/mark-color.ts";
import { inkTiles, type MarkTools } from "../../server/adapters/imaging/mark-picture.ts";

/** What a marking thread has. */
export async function loadMarkTools(tempDir = tmpdir()): Promise<MarkTools> {
  return { renderer: await loadOverlayRenderer(), inks: new InkWell(new MarkColors(tempDir)) };
}

/** A text mark on a picture's stored pixels: one tile, or none where it is too small to be seen. */
export async function textTiles(mark: MarkSpec, facts: PictureFacts, tools: MarkTools): Promise<InkTile[]> {
  return await inkTiles(resolvedOfSpec(mark), facts, tools);
}
