/** Drawing of synthetic still lifes: soft light from the upper left, everything as SVG without filters or text. */

export interface Rgb {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}

export function rgb(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return { r: value >> 16, g: (value >> 8) & 255, b: value & 255 };
}

/** Towards white above 0, towards a warm black below; -1 to 1. */
export function lit(hex: string, amount: number): string {
  const { r, g, b } = rgb(hex);
  const target = amount > 0 ? { r: 255, g: 252, b: 246 } : { r: 14, g: 11, b: 12 };
  const part = Math.min(1, Math.abs(amount));
  const mix = (from: number, to: number) => Math.round(from + (to - from) * part);
  return `rgb(${mix(r, target.r)},${mix(g, target.g)},${mix(b, target.b)})`;
}

export type Stop = readonly [offset: number, color: string, opacity?: number];

function stops(list: readonly Stop[]): string {
  return list
    .map(
      ([offset, color, opacity = 1]) =>
        `<stop offset="${offset}" stop-color="${color}" stop-opacity="${opacity}"/>`,
    )
    .join("");
}

/** Collects shapes and the gradients they need. Coordinates are of a canvas 1000 units high. */
export class Canvas {
  readonly #defs: string[] = [];
  readonly #shapes: string[] = [];

  linear(list: readonly Stop[], x1 = 0, y1 = 0, x2 = 1, y2 = 0): string {
    return this.#define(
      (id) =>
        `<linearGradient id="${id}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}">${stops(list)}</linearGradient>`,
    );
  }

  radial(list: readonly Stop[], cx = 0.5, cy = 0.5, r = 0.5): string {
    return this.#define(
      (id) => `<radialGradient id="${id}" cx="${cx}" cy="${cy}" r="${r}">${stops(list)}</radialGradient>`,
    );
  }

  path(d: string, fill: string, more = ""): void {
    this.#shapes.push(`<path d="${d}" fill="${fill}" ${more}/>`);
  }

  stroke(d: string, color: string, width: number, more = ""): void {
    this.path(d, "none", `stroke="${color}" stroke-width="${width}" stroke-linecap="round" ${more}`);
  }

  ellipse(cx: number, cy: number, rx: number, ry: number, fill: string, more = ""): void {
    this.#shapes.push(`<ellipse cx="${cx}" cy="${cy}" rx="${rx}" ry="${ry}" fill="${fill}" ${more}/>`);
  }

  rect(x: number, y: number, width: number, height: number, fill: string, more = ""): void {
    this.#shapes.push(`<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" ${more}/>`);
  }

  /** A shadow on the ground under something `width` wide that stands at (x, y): close and dark, far and soft. */
  shadow(x: number, y: number, width: number, strength = 1): void {
    const soft = (opacity: number) =>
      this.radial([
        [0, "#120d0c", opacity * strength],
        [0.45, "#120d0c", opacity * strength * 0.55],
        [1, "#120d0c", 0],
      ]);
    this.ellipse(x + width * 0.55, y + width * 0.03, width * 1.5, width * 0.24, soft(0.3));
    this.ellipse(x + width * 0.18, y + width * 0.015, width * 0.85, width * 0.15, soft(0.5));
    this.ellipse(x, y, width * 0.54, width * 0.075, soft(0.75));
  }

  svg(width: number, height: number, unitsWide: number): string {
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${unitsWide} 1000" preserveAspectRatio="none"><defs>${this.#defs.join("")}</defs>${this.#shapes.join("")}</svg>`;
  }

  #define(markup: (id: string) => string): string {
    const id = `g${this.#defs.length}`;
    this.#defs.push(markup(id));
    return `url(#${id})`;
  }
}

/** A paper sweep: wall and floor run into each other; a pool of light on the wall, darker corners. */
export function backdrop(canvas: Canvas, width: number, wall: string, floor: string, horizon = 640): void {
  const at = horizon / 1000;
  canvas.rect(
    0,
    0,
    width,
    1000,
    canvas.linear(
      [
        [0, lit(wall, -0.18)],
        [at - 0.12, wall],
        [at, lit(wall, 0.06)],
        [at + 0.07, lit(floor, 0.08)],
        [1, lit(floor, -0.12)],
      ],
      0,
      0,
      0,
      1,
    ),
  );
  canvas.ellipse(
    width * 0.32,
    330,
    width * 0.62,
    520,
    canvas.radial([
      [0, "#fffaf0", 0.5],
      [0.6, "#fffaf0", 0.14],
      [1, "#fffaf0", 0],
    ]),
  );
}

export function vignette(canvas: Canvas, width: number): void {
  canvas.rect(
    0,
    0,
    width,
    1000,
    canvas.radial(
      [
        [0, "#0a0708", 0],
        [0.62, "#0a0708", 0],
        [1, "#0a0708", 0.34],
      ],
      0.46,
      0.48,
      0.78,
    ),
  );
}
