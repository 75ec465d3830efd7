import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import type { LoadedFont } from "#imaging/overlay/font-library.ts";
import { OverlayRenderer, type OverlayRendererOptions } from "#imaging/overlay/overlay-renderer.ts";
import { resvgRasteriser } from "#imaging/overlay/resvg-rasteriser.ts";
import { SHIPPED_FONTS } from "#imaging/overlay/shipped-fonts.ts";
import { fontsFolder, resvgWasm } from "./locations.ts";

let wasm: Promise<void> | undefined;

/** The fonts that ship with the program. */
export async function loadFonts(): Promise<readonly LoadedFont[]> {
  const folder = fontsFolder();
  return await Promise.all(
    SHIPPED_FONTS.map(async (font) => ({
      ...font,
      bytes: new Uint8Array(await readFile(join(folder, font.file))),
    })),
  );
}

/** Reads the fonts that ship with the program and starts the rasteriser: a renderer as the page has it. */
export async function loadOverlayRenderer(options: OverlayRendererOptions = {}): Promise<OverlayRenderer> {
  wasm ??= readFile(resvgWasm()).then((bytes) => initWasm(bytes));
  await wasm;
  return new OverlayRenderer({ rasteriser: resvgRasteriser(Resvg), fonts: await loadFonts() }, options);
}
