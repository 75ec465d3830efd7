import { type Canvas, lit } from "./drawing.ts";
import { ball, type Material, type Profile, turned } from "./lathe.ts";

/** Things of a still life. Every one stands at (x, y) and is `s` times its usual size. */
export type Thing = (canvas: Canvas, x: number, y: number, s: number, color: string) => void;

export function pot(profile: Profile, material: Material, inside?: string): Thing {
  return (canvas, x, y, scale, color) =>
    turned(canvas, { x, y, scale, profile, color, material, ...(inside ? { inside } : {}) });
}

export const vase = pot(
  [
    [60, 0],
    [92, 60],
    [112, 150],
    [92, 250],
    [48, 325],
    [40, 372],
    [52, 400],
  ],
  "matte",
  "#3a2f2a",
);
export const tallVase = pot(
  [
    [52, 0],
    [58, 90],
    [72, 230],
    [82, 340],
    [66, 420],
    [34, 462],
    [36, 500],
  ],
  "gloss",
  "#241f20",
);
const BOWL: Profile = [
  [62, 0],
  [70, 10],
  [128, 62],
  [166, 118],
  [176, 150],
];
export const bowl = pot(BOWL, "matte", "#54483d");

/** `color` is the bowl's. */
export const fruitBowl: Thing = (canvas, x, y, s, color) => {
  bowl(canvas, x, y, s, color);
  const fruit = [
    [-74, 132, "#d9b52f"],
    [6, 150, "#e2c33c"],
    [84, 134, "#dcae2c"],
    [-34, 116, "#e8cf58"],
    [52, 112, "#e4c240"],
  ] as const;
  for (const [dx, up, lemon] of fruit) ball(canvas, x + dx * s, y - up * s, 50 * s, lemon, 0.92, false);
  turned(canvas, { x, y, scale: s, profile: BOWL, color, material: "matte" }, false, true);
};
export const tumbler = pot(
  [
    [56, 0],
    [62, 60],
    [68, 160],
    [70, 190],
  ],
  "glass",
  "#8a8f90",
);
export const creamJar = (canvas: Canvas, x: number, y: number, s: number, color: string) => {
  pot(
    [
      [96, 0],
      [100, 8],
      [100, 92],
      [96, 100],
    ],
    "gloss",
  )(canvas, x, y, s, color);
  turned(
    canvas,
    {
      x,
      y: y - 100 * s,
      scale: s,
      profile: [
        [98, 0],
        [101, 6],
        [101, 58],
        [97, 64],
      ],
      color: "#c9a36a",
      material: "metal",
    },
    false,
  );
};

export const wineBottle: Thing = (canvas, x, y, s, color) => {
  pot(
    [
      [72, 0],
      [75, 12],
      [75, 250],
      [70, 296],
      [36, 350],
      [27, 392],
      [26, 470],
    ],
    "gloss",
  )(canvas, x, y, s, color);
  turned(
    canvas,
    {
      x,
      y: y - 402 * s,
      scale: s,
      profile: [
        [28, 0],
        [28, 74],
        [27, 78],
      ],
      color: "#5b1f22",
      material: "gloss",
    },
    false,
  );
  label(canvas, x, y - 118 * s, 75 * s, 104 * s, "#efe6d4");
};

export const amberBottle: Thing = (canvas, x, y, s, color) => {
  pot(
    [
      [86, 0],
      [90, 12],
      [90, 170],
      [82, 206],
      [36, 226],
      [34, 240],
    ],
    "gloss",
  )(canvas, x, y, s, color);
  turned(
    canvas,
    {
      x,
      y: y - 236 * s,
      scale: s,
      profile: [
        [44, 0],
        [45, 4],
        [44, 70],
        [41, 74],
      ],
      color: "#1d1b1c",
      material: "gloss",
    },
    false,
  );
  label(canvas, x, y - 58 * s, 90 * s, 92 * s, "#f3eee4");
};

/** A paper label round a body of this radius. */
function label(
  canvas: Canvas,
  x: number,
  bottom: number,
  radius: number,
  height: number,
  color: string,
): void {
  const bow = radius * 0.2;
  const half = radius * 0.96;
  const top = bottom - height;
  const fill = canvas.linear([
    [0, lit(color, -0.4)],
    [0.32, color],
    [0.6, lit(color, -0.1)],
    [1, lit(color, -0.56)],
  ]);
  canvas.path(
    `M${x - half} ${top}Q${x} ${top + bow} ${x + half} ${top}V${bottom}Q${x} ${bottom + bow} ${x - half} ${bottom}Z`,
    fill,
  );
  for (const [at, width, weight] of [
    [0.3, 0.5, 5],
    [0.46, 0.7, 2],
    [0.56, 0.62, 2],
    [0.72, 0.3, 3],
  ] as const) {
    const line = top + height * at;
    const reach = half * width;
    canvas.stroke(
      `M${x - reach} ${line + bow * 0.72}Q${x} ${line + bow} ${x + reach} ${line + bow * 0.72}`,
      "#3b322c",
      (weight * radius) / 90,
      'opacity="0.62"',
    );
  }
}

export const cup: Thing = (canvas, x, y, s, color) => {
  pot(
    [
      [70, 0],
      [128, 10],
      [150, 20],
      [156, 26],
    ],
    "matte",
    lit(color, 0.05),
  )(canvas, x, y, s, color);
  const handle = `M${x + 74 * s} ${y - 120 * s}C${x + 150 * s} ${y - 140 * s} ${x + 150 * s} ${y - 46 * s} ${x + 58 * s} ${y - 44 * s}`;
  canvas.stroke(handle, lit(color, -0.42), 18 * s);
  canvas.stroke(handle, lit(color, -0.08), 9 * s);
  turned(
    canvas,
    {
      x,
      y: y - 14 * s,
      scale: s,
      profile: [
        [44, 0],
        [66, 22],
        [80, 70],
        [86, 140],
      ],
      color,
      material: "matte",
      inside: "#4a2c1a",
    },
    false,
  );
};

export const teapot: Thing = (canvas, x, y, s, color) => {
  const handle = `M${x - 92 * s} ${y - 170 * s}C${x - 220 * s} ${y - 220 * s} ${x - 210 * s} ${y - 30 * s} ${x - 104 * s} ${y - 60 * s}`;
  canvas.stroke(handle, lit(color, -0.4), 24 * s);
  canvas.stroke(handle, lit(color, 0.05), 11 * s);
  const spout = `M${x + 84 * s} ${y - 46 * s}C${x + 170 * s} ${y - 70 * s} ${x + 150 * s} ${y - 190 * s} ${x + 226 * s} ${y - 206 * s}L${x + 232 * s} ${y - 188 * s}C${x + 196 * s} ${y - 176 * s} ${x + 208 * s} ${y - 60 * s} ${x + 96 * s} ${y - 120 * s}Z`;
  canvas.path(
    spout,
    canvas.linear([
      [0, lit(color, -0.3)],
      [0.5, lit(color, 0.16)],
      [1, lit(color, -0.5)],
    ]),
  );
  pot(
    [
      [70, 0],
      [112, 30],
      [136, 96],
      [116, 160],
      [76, 196],
      [58, 204],
    ],
    "gloss",
  )(canvas, x, y, s, color);
  turned(
    canvas,
    {
      x,
      y: y - 200 * s,
      scale: s,
      profile: [
        [60, 0],
        [48, 16],
        [20, 26],
        [12, 34],
      ],
      color,
      material: "gloss",
    },
    false,
  );
  ball(canvas, x, y - 230 * s, 17 * s, color, 0.9, false);
};
