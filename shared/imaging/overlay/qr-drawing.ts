import type { ResolvedLayer } from "#contracts/mark-operator.ts";
import { AppError } from "#kernel/errors.ts";
import { type Drawing, drawSvg } from "./drawing.ts";
import { type PictureSize, pixelsOf, shrinkToFit, turnedSize } from "./place-layer.ts";
import { modulesPath, qrModules } from "./qr-symbol.ts";
import type { SvgRasteriser } from "./resvg-rasteriser.ts";

type QrLayer = Extract<ResolvedLayer, { kind: "qr" }>;

/**
 * A QR code of whole pixels to the module: as large as wanted, or as fits, but not larger.
 * @throws AppError `invalid_argument` when not even one pixel to the module fits.
 */
export function qrDrawing(
  layer: QrLayer,
  picture: PictureSize,
  room: PictureSize,
  rasteriser: SvgRasteriser,
): Drawing {
  const { dark, light, quiet, correction, value } = layer;
  const modules = qrModules(value, correction);
  const across = modules.length + 2 * quiet;
  const wanted = Math.max(across, pixelsOf(layer.size, picture));
  const turned = turnedSize({ width: wanted, height: wanted }, layer.rotation);
  const module = Math.floor((wanted * shrinkToFit(turned, room)) / across);
  if (module < 1)
    throw new AppError(
      "invalid_argument",
      `The mark's QR code needs ${across} × ${across} pixels, and the picture has no room for them. Make its text shorter, or its correction lower.`,
    );
  const side = module * across;
  const start = quiet * module - side / 2;
  const ground = light
    ? `<rect x="${-side / 2}" y="${-side / 2}" width="${side}" height="${side}" fill="${light}"/>`
    : "";
  const path = `<path fill="${dark}" d="${modulesPath(modules, module, start, start)}"/>`;
  return {
    key: JSON.stringify(["qr", value, correction, quiet, module, dark, light]),
    width: side,
    height: side,
    bleed: 1,
    flat: light === null || light === dark ? dark : null,
    draw: drawSvg(rasteriser, [], ground + path),
  };
}
