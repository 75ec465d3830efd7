import type { ResolvedLayer } from "#contracts/mark-operator.ts";
import { AppError } from "#kernel/errors.ts";
import { type PictureSize, pixelsOf, turnedSize, turnOf } from "./place-layer.ts";

type Pattern = NonNullable<ResolvedLayer["pattern"]>;

/** Above this, a picture is no picture any more, and each copy costs time and memory. */
const MOST_COPIES = 100_000;

/**
 * Centres of a pattern's copies, row after row: a grid around the picture's centre, turned by the pattern's angle, as
 * far as copies reach into the picture. Fractions of pixels. Pure.
 * @param copy One copy's size before it is turned.
 * @param rotation Degrees that each copy is turned by in the grid.
 * @throws AppError `invalid_argument` above 100,000 copies.
 */
export function patternCentres(
  pattern: Pattern,
  copy: PictureSize,
  rotation: number,
  picture: PictureSize,
): readonly (readonly [x: number, y: number])[] {
  const inGrid = turnedSize(copy, rotation);
  const stepX = Math.max(1, inGrid.width + pixelsOf(pattern.gapX, picture));
  const stepY = Math.max(1, inGrid.height + pixelsOf(pattern.gapY, picture));
  const seen = turnedSize(inGrid, pattern.angle);
  const [reachX, reachY] = [(picture.width + seen.width) / 2, (picture.height + seen.height) / 2];
  // The picture, as the turned grid sees it.
  const area = turnedSize({ width: 2 * reachX, height: 2 * reachY }, pattern.angle);
  const rows = Math.ceil(area.height / 2 / stepY);
  const columns = Math.ceil(area.width / 2 / stepX) + 1;
  if ((2 * rows + 1) * (2 * columns + 1) > MOST_COPIES)
    throw new AppError(
      "invalid_argument",
      `The mark's pattern would have more than ${MOST_COPIES.toLocaleString("en")} copies on this picture. Make them larger, or the gaps wider.`,
    );
  const { cos, sin } = turnOf(pattern.angle);
  const centres: [number, number][] = [];
  for (let row = -rows; row <= rows; row++)
    for (let column = -columns; column <= columns; column++) {
      const shift = pattern.stagger && row % 2 !== 0 ? 0.5 : 0;
      const [x, y] = [(column + shift) * stepX, row * stepY];
      const [dx, dy] = [x * cos - y * sin, x * sin + y * cos];
      if (Math.abs(dx) < reachX && Math.abs(dy) < reachY)
        centres.push([picture.width / 2 + dx, picture.height / 2 + dy]);
    }
  return centres;
}
