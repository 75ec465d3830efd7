import { type Canvas, lit } from "./drawing.ts";

/** Half width and height above the base, from the base upwards. */
export type Profile = readonly (readonly [radius: number, height: number])[];

export type Material = "matte" | "gloss" | "glass" | "metal";

export interface Turned {
  readonly x: number;
  /** Of the base. */
  readonly y: number;
  readonly scale?: number;
  readonly profile: Profile;
  readonly color: string;
  readonly material: Material;
  /** What one sees when looking into it from above; none: it is closed. */
  readonly inside?: string;
}

/** How much one looks down on things: height of a circle ÷ its width. */
const TILT = 0.17;

/** Lightness from the left edge to the right one. */
const SHADES: Readonly<Record<Material, readonly (readonly [offset: number, amount: number])[]>> = {
  matte: [
    [0, -0.3],
    [0.14, -0.02],
    [0.34, 0.26],
    [0.58, -0.04],
    [0.86, -0.48],
    [1, -0.36],
  ],
  gloss: [
    [0, -0.5],
    [0.1, -0.12],
    [0.3, 0.2],
    [0.5, -0.1],
    [0.85, -0.6],
    [0.96, -0.42],
    [1, -0.2],
  ],
  glass: [
    [0, -0.55],
    [0.08, -0.15],
    [0.3, 0.3],
    [0.62, 0.05],
    [0.9, -0.35],
    [1, -0.6],
  ],
  metal: [
    [0, -0.55],
    [0.12, 0.1],
    [0.26, 0.75],
    [0.36, 0.05],
    [0.6, -0.45],
    [0.8, -0.05],
    [0.93, 0.3],
    [1, -0.5],
  ],
};

/** A smooth line through points (Catmull-Rom as Bézier curves), the pen being at the first. */
function smooth(points: readonly (readonly [number, number])[]): string {
  return points
    .slice(1)
    .map(([x, y], i) => {
      const [ax, ay] = points[Math.max(0, i - 1)]!;
      const [bx, by] = points[i]!;
      const [dx, dy] = points[Math.min(points.length - 1, i + 2)]!;
      return `C${bx + (x - ax) / 6} ${by + (y - ay) / 6} ${x - (dx - bx) / 6} ${y - (dy - by) / 6} ${x} ${y}`;
    })
    .join("");
}

/** The silhouette between two shares of the radius (-1 left edge, 1 right edge). */
function band({ x, y, scale = 1, profile }: Turned, from: number, to: number): string {
  const left = profile.map(([r, h]) => [x + r * scale * from, y - h * scale] as const);
  const right = profile.map(([r, h]) => [x + r * scale * to, y - h * scale] as const).reverse();
  const base = profile[0]![0] * scale;
  const rim = profile.at(-1)![0] * scale;
  const bow = base * TILT;
  return `M${left[0]![0]} ${left[0]![1]}${smooth(left)}Q${x + (rim * (from + to)) / 2} ${left.at(-1)![1] + rim * TILT * (2 - Math.abs(from + to))} ${right[0]![0]} ${right[0]![1]}${smooth(right)}Q${x + (base * (from + to)) / 2} ${y + bow * (2 - Math.abs(from + to))} ${left[0]![0]} ${left[0]![1]}Z`;
}

/**
 * Draws something turned on a lathe or a potter's wheel, with its shadow. Its front alone can be drawn once more, over
 * what lies in it.
 */
export function turned(canvas: Canvas, object: Turned, castsShadow = true, frontOnly = false): void {
  const { x, y, scale = 1, profile, color, material, inside } = object;
  const widest = Math.max(...profile.map(([r]) => r)) * scale;
  const [rimRadius, rimHeight] = profile.at(-1)!;
  if (castsShadow)
    canvas.shadow(
      x,
      y + profile[0]![0] * scale * TILT * 0.5,
      Math.max(profile[0]![0] * scale, widest * 0.8) * 2,
    );
  const opacity = material === "glass" ? 0.72 : 1;
  const body = band(object, -1, 1);
  canvas.path(body, canvas.linear(SHADES[material].map(([at, amount]) => [at, lit(color, amount), opacity])));
  canvas.path(
    body,
    canvas.linear(
      [
        [0, "#fff8ea", 0.1],
        [0.45, "#000000", 0],
        [1, "#0c0808", 0.34],
      ],
      0,
      0,
      0,
      1,
    ),
  );
  if (material !== "matte") {
    const glint = canvas.linear(
      [
        [0, "#ffffff", 0],
        [0.2, "#ffffff", material === "metal" ? 0.35 : 0.62],
        [0.75, "#ffffff", 0.3],
        [1, "#ffffff", 0],
      ],
      0,
      0,
      0,
      1,
    );
    canvas.path(band(object, -0.62, -0.48), glint);
    if (material === "glass") canvas.path(band(object, 0.72, 0.8), glint, 'opacity="0.5"');
  }
  if (rimRadius > 0 && !frontOnly)
    rim(canvas, x, y - rimHeight * scale, rimRadius * scale, color, material, inside);
}

function rim(
  canvas: Canvas,
  x: number,
  y: number,
  radius: number,
  color: string,
  material: Material,
  inside: string | undefined,
): void {
  const top = canvas.linear([
    [0, lit(color, 0.1)],
    [0.3, lit(color, 0.42)],
    [1, lit(color, -0.14)],
  ]);
  canvas.ellipse(x, y, radius, radius * TILT, top, material === "glass" ? 'opacity="0.8"' : "");
  if (inside === undefined) return;
  const shade = canvas.linear(
    [
      [0, lit(inside, -0.55)],
      [0.55, lit(inside, -0.2)],
      [1, lit(inside, 0.12)],
    ],
    0.1,
    0,
    0.9,
    0.5,
  );
  canvas.ellipse(x, y + radius * 0.008, radius * 0.93, radius * 0.93 * TILT, shade);
}

/** A ball: fruit, a stopper, a pebble when squeezed. */
export function ball(
  canvas: Canvas,
  x: number,
  y: number,
  radius: number,
  color: string,
  squeeze = 1,
  shadow = true,
): void {
  if (shadow) canvas.shadow(x, y, radius * 1.7);
  const fill = canvas.radial(
    [
      [0, lit(color, 0.62)],
      [0.18, lit(color, 0.3)],
      [0.5, color],
      [0.82, lit(color, -0.42)],
      [0.95, lit(color, -0.5)],
      [1, lit(color, -0.34)],
    ],
    0.36,
    0.3,
    0.72,
  );
  canvas.ellipse(x, y - radius * squeeze * 0.96, radius, radius * squeeze, fill);
}
