import { exifVariables } from "./exif-variables.ts";
import { iimVariables } from "./iptc-iim.ts";
import { metadataBlocks } from "./metadata-blocks.ts";
import { xmpVariables } from "./xmp-variables.ts";

/**
 * What a picture's metadata say, under the names of the template language: `EXIF.YEAR`, `MODEL`, `IPTC.CREATOR`, …
 * XMP goes before IPTC-IIM, and that before EXIF (Metadata Working Group, 2.0, 4.1). What a picture does not say is
 * left out; damage is passed over, never thrown. JPEG, TIFF, PNG, WebP. Pure.
 */
export function pictureVariables(bytes: Uint8Array): Readonly<Record<string, string | number>> {
  const { exif, iim, xmp } = metadataBlocks(bytes);
  return {
    ...(exif ? exifVariables(exif) : {}),
    ...(iim ? iimVariables(iim) : {}),
    ...(xmp ? xmpVariables(xmp) : {}),
  };
}
