import "../../../app/without-eval.ts";
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import wasmUrl from "@resvg/resvg-wasm/index_bg.wasm?url";
import { logoPath } from "#contracts/ipc.ts";
import { OverlayRenderer } from "#imaging/overlay/overlay-renderer.ts";
import { resvgRasteriser } from "#imaging/overlay/resvg-rasteriser.ts";
import { SHIPPED_FONTS } from "#imaging/overlay/shipped-fonts.ts";
import type { AssetSource } from "#template/assets.ts";
import { fontFamilies } from "#template/font-families.ts";
import type { DrawRequest } from "./draw-messages.ts";
import { OverlayDesk } from "./overlay-desk.ts";

/**
 * The page's own copy of the renderer that workers mark with: the same fonts, the same WebAssembly, the same bytes. It
 * runs here and not in the page, so that drawing never holds up a key or a slider, and so that the page itself needs no
 * permission to compile.
 */

const FONT_URLS = import.meta.glob<string>("../../../../resources/fonts/*.ttf", {
  query: "?url",
  import: "default",
  eager: true,
});

/** A pattern on a large picture has to stay whole while its opacity is being set: its cut copies are large, too. */
const CACHE_BYTES = 256 * 1024 * 1024;

async function bytesOf(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Logos lie beside the templates; the window's origin serves them. */
const assets: AssetSource = {
  async readAsset(name) {
    const response = await fetch(new URL(`/${logoPath(name)}`, location.origin));
    return response.status === 200 ? new Uint8Array(await response.arrayBuffer()) : null;
  },
};

async function openDesk(): Promise<OverlayDesk> {
  const [fonts] = await Promise.all([
    Promise.all(
      SHIPPED_FONTS.map(async (font) => ({
        ...font,
        bytes: await bytesOf(FONT_URLS[`../../../../resources/fonts/${font.file}`]!),
      })),
    ),
    initWasm(fetch(wasmUrl)),
  ]);
  const renderer = new OverlayRenderer(
    { rasteriser: resvgRasteriser(Resvg), fonts },
    { cacheBytes: CACHE_BYTES },
  );
  return new OverlayDesk({ renderer, fonts: fontFamilies(SHIPPED_FONTS), assets });
}

const desk = openDesk();
let last: Promise<unknown> = desk;

addEventListener("message", ({ data }: MessageEvent<DrawRequest>) => {
  // One after the other: the page counts on the order of what it was sent.
  last = last.then(async () => {
    if (data.type === "forget") (await desk).forget();
    else postMessage(await (await desk).draw(data));
  });
  last.catch((error: unknown) => postMessage({ broken: String(error) }));
});
