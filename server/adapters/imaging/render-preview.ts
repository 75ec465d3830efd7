import sharp from "sharp";

const QUALITY = 82;

/** A preview for a window: upright, sRGB, WebP, the first frame or page only. Damaged pictures show what there is. */
export async function renderPreview(bytes: Uint8Array, maxSide: number): Promise<Uint8Array> {
  return await sharp(bytes, { failOn: "none", limitInputPixels: false, autoOrient: true })
    .resize({ width: maxSide, height: maxSide, fit: "inside", withoutEnlargement: true })
    .toColourspace("srgb")
    .webp({ quality: QUALITY, effort: 2 })
    .timeout({ seconds: 60 })
    .toBuffer();
}
