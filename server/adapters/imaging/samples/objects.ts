import { lit } from "./drawing.ts";
import { ball, turned } from "./lathe.ts";
import { pot, type Thing } from "./vessels.ts";

export const candle: Thing = (canvas, x, y, s, color) => {
  turned(canvas, {
    x,
    y,
    scale: s,
    profile: [
      [78, 0],
      [80, 8],
      [80, 130],
    ],
    color: "#f4ead6",
    material: "matte",
  });
  pot(
    [
      [84, 0],
      [86, 10],
      [86, 190],
    ],
    "glass",
  )(canvas, x, y, s, color);
  const glow = canvas.radial([
    [0, "#fff2c4", 0.95],
    [0.22, "#ffd88a", 0.5],
    [1, "#ffb84d", 0],
  ]);
  canvas.ellipse(x, y - 200 * s, 150 * s, 170 * s, glow);
  canvas.stroke(`M${x} ${y - 128 * s}V${y - 156 * s}`, "#2b211c", 4 * s);
  canvas.path(
    `M${x} ${y - 236 * s}C${x + 26 * s} ${y - 196 * s} ${x + 18 * s} ${y - 152 * s} ${x} ${y - 152 * s}C${x - 18 * s} ${y - 152 * s} ${x - 22 * s} ${y - 196 * s} ${x} ${y - 236 * s}Z`,
    canvas.linear(
      [
        [0, "#fff6d8"],
        [0.6, "#ffcf6b"],
        [1, "#e9802a"],
      ],
      0,
      0,
      0,
      1,
    ),
  );
};

export const lamp: Thing = (canvas, x, y, s, color) => {
  pot(
    [
      [92, 0],
      [94, 10],
      [40, 34],
      [24, 90],
      [22, 250],
    ],
    "gloss",
  )(canvas, x, y, s, color);
  canvas.ellipse(
    x,
    y - 300 * s,
    420 * s,
    330 * s,
    canvas.radial([
      [0, "#ffe3ad", 0.6],
      [0.5, "#ffd591", 0.2],
      [1, "#ffd591", 0],
    ]),
  );
  const shade = `M${x - 180 * s} ${y - 250 * s}C${x - 170 * s} ${y - 420 * s} ${x + 170 * s} ${y - 420 * s} ${x + 180 * s} ${y - 250 * s}Q${x} ${y - 196 * s} ${x - 180 * s} ${y - 250 * s}Z`;
  canvas.path(
    shade,
    canvas.linear([
      [0, lit(color, 0.2)],
      [0.3, lit(color, 0.72)],
      [0.62, lit(color, 0.3)],
      [1, lit(color, -0.28)],
    ]),
  );
  canvas.path(
    shade,
    canvas.linear(
      [
        [0, "#000000", 0.12],
        [0.7, "#ffe2a8", 0.16],
        [1, "#fff0c9", 0.72],
      ],
      0,
      0,
      0,
      1,
    ),
  );
};

export const flacon: Thing = (canvas, x, y, s, color) => {
  canvas.shadow(x, y, 190 * s);
  const glass = `rx="${14 * s}"`;
  canvas.rect(
    x - 92 * s,
    y - 210 * s,
    184 * s,
    210 * s,
    canvas.linear([
      [0, lit(color, -0.3)],
      [0.1, lit(color, 0.5)],
      [0.5, lit(color, 0.1)],
      [0.9, lit(color, 0.3)],
      [1, lit(color, -0.45)],
    ]),
    glass,
  );
  canvas.rect(
    x - 72 * s,
    y - 150 * s,
    144 * s,
    132 * s,
    canvas.linear(
      [
        [0, lit(color, -0.36), 0.9],
        [0.4, lit(color, -0.05), 0.85],
        [1, lit(color, -0.55), 0.95],
      ],
      0,
      0,
      1,
      1,
    ),
    `rx="${8 * s}"`,
  );
  canvas.path(
    `M${x - 80 * s} ${y - 200 * s}H${x - 46 * s}L${x - 60 * s} ${y - 14 * s}H${x - 80 * s}Z`,
    "#ffffff",
    'opacity="0.3"',
  );
  turned(
    canvas,
    {
      x,
      y: y - 206 * s,
      scale: s,
      profile: [
        [30, 0],
        [31, 24],
      ],
      color: "#c8a15c",
      material: "metal",
    },
    false,
  );
  turned(
    canvas,
    {
      x,
      y: y - 226 * s,
      scale: s,
      profile: [
        [46, 0],
        [48, 6],
        [48, 84],
        [45, 90],
      ],
      color: "#2a2425",
      material: "gloss",
    },
    false,
  );
};

export const books: Thing = (canvas, x, y, s, color) => {
  canvas.shadow(x, y, 330 * s);
  const spines = [color, lit(color, 0.55), "#3c4a4d"];
  for (const [i, spine] of spines.entries()) {
    const width = (340 - i * 26) * s;
    const bottom = y - i * 46 * s;
    const left = x - width / 2 + (i % 2) * 14 * s;
    canvas.path(
      `M${left} ${bottom - 44 * s}L${left + 22 * s} ${bottom - 64 * s}H${left + width - 10 * s}L${left + width} ${bottom - 44 * s}Z`,
      "#e9e1d2",
    );
    canvas.rect(left, bottom - 46 * s, width, 46 * s, spine);
    canvas.rect(
      left,
      bottom - 46 * s,
      width,
      46 * s,
      canvas.linear(
        [
          [0, "#ffffff", 0.22],
          [0.35, "#ffffff", 0.04],
          [1, "#000000", 0.4],
        ],
        0,
        0,
        1,
        0.4,
      ),
    );
    for (const at of [0.12, 0.86])
      canvas.rect(left + width * at, bottom - 46 * s, 4 * s, 46 * s, "#d8bd84", 'opacity="0.8"');
  }
};

export const pebbles: Thing = (canvas, x, y, s, color) => {
  for (const [dx, up, radius, shade] of [
    [0, 0, 130, -0.1],
    [-14, 84, 98, 0.18],
    [10, 148, 70, -0.22],
    [-4, 196, 42, 0.32],
  ] as const)
    ball(canvas, x + dx * s, y - up * s, radius * s, lit(color, shade), 0.36, up === 0);
};

export const orange: Thing = (canvas, x, y, s, color) => {
  ball(canvas, x, y, 74 * s, color);
  canvas.ellipse(x - 6 * s, y - 138 * s, 9 * s, 4 * s, "#4c5a22");
};

export const pear: Thing = (canvas, x, y, s, color) => {
  turned(canvas, {
    x,
    y,
    scale: s,
    profile: [
      [30, 0],
      [74, 26],
      [86, 78],
      [68, 132],
      [42, 176],
      [28, 204],
      [0, 216],
    ],
    color,
    material: "matte",
  });
  canvas.stroke(
    `M${x} ${y - 212 * s}Q${x + 4 * s} ${y - 240 * s} ${x + 20 * s} ${y - 254 * s}`,
    "#4a3420",
    7 * s,
  );
};

/** Dried stems; put a vase in front of their foot. */
export const stems: Thing = (canvas, x, y, s, color) => {
  for (let i = 0; i < 11; i++) {
    const lean = (i - 5) * 34 * s + ((i * 37) % 23) * s;
    const height = (250 + ((i * 53) % 130)) * s;
    const [tipX, tipY] = [x + lean, y - height];
    canvas.stroke(
      `M${x + lean * 0.06} ${y}C${x + lean * 0.1} ${y - height * 0.4} ${x + lean * 0.6} ${y - height * 0.7} ${tipX} ${tipY}`,
      lit(color, -0.25),
      3.4 * s,
    );
    for (let leaf = 0; leaf < 9; leaf++) {
      const part = 0.62 + leaf * 0.045;
      const [leafX, leafY] = [x + lean * (0.1 + 0.9 * part ** 1.6), y - height * part];
      canvas.ellipse(
        leafX,
        leafY,
        7 * s,
        19 * s,
        lit(color, ((leaf + i) % 4) * 0.14 - 0.15),
        `transform="rotate(${(leaf % 2 ? 38 : -38) + lean / (8 * s)} ${leafX} ${leafY})"`,
      );
    }
  }
};

export const plant: Thing = (canvas, x, y, s, color) => {
  for (let i = 0; i < 9; i++) {
    const turn = (i - 4) * 21 + (i % 2) * 8;
    const length = (290 - Math.abs(i - 4) * 26) * s;
    const [footX, footY] = [x, y - 150 * s];
    const fill = canvas.linear([
      [0, lit(color, 0.3)],
      [0.48, lit(color, 0.05)],
      [0.52, lit(color, -0.24)],
      [1, lit(color, -0.45)],
    ]);
    canvas.path(
      `M${footX} ${footY}C${footX - 62 * s} ${footY - length * 0.5} ${footX - 34 * s} ${footY - length * 0.86} ${footX} ${footY - length}C${footX + 34 * s} ${footY - length * 0.86} ${footX + 62 * s} ${footY - length * 0.5} ${footX} ${footY}Z`,
      fill,
      `transform="rotate(${turn} ${footX} ${footY})"`,
    );
  }
  pot(
    [
      [70, 0],
      [74, 8],
      [92, 150],
      [98, 168],
    ],
    "matte",
    "#2d241e",
  )(canvas, x, y, s, "#c98a67");
};

export const sneaker: Thing = (canvas, x, y, s, color) => {
  canvas.shadow(x, y, 420 * s);
  const at = (dx: number, up: number) => `${x + dx * s} ${y - up * s}`;
  const upper = `M${at(-218, 40)}C${at(-236, 110)} ${at(-226, 176)} ${at(-196, 214)}C${at(-170, 196)} ${at(-112, 190)} ${at(-84, 214)}C${at(-30, 196)} ${at(14, 138)} ${at(96, 116)}C${at(170, 100)} ${at(232, 92)} ${at(238, 40)}Z`;
  canvas.path(
    upper,
    canvas.linear([
      [0, lit(color, 0.05)],
      [0.35, lit(color, 0.3)],
      [0.7, lit(color, -0.06)],
      [1, lit(color, -0.42)],
    ]),
  );
  canvas.path(
    upper,
    canvas.linear(
      [
        [0, "#ffffff", 0.16],
        [0.5, "#000000", 0],
        [1, "#000000", 0.34],
      ],
      0,
      0,
      0,
      1,
    ),
  );
  canvas.path(
    `M${at(-206, 206)}C${at(-172, 190)} ${at(-112, 184)} ${at(-84, 210)}C${at(-110, 168)} ${at(-176, 166)} ${at(-206, 206)}Z`,
    lit(color, -0.6),
  );
  canvas.path(
    `M${at(118, 44)}C${at(112, 88)} ${at(140, 106)} ${at(160, 102)}C${at(206, 94)} ${at(236, 84)} ${at(238, 44)}Z`,
    lit(color, -0.2),
    'opacity="0.7"',
  );
  canvas.path(
    `M${at(-150, 44)}C${at(-110, 110)} ${at(-40, 96)} ${at(66, 60)}L${at(70, 46)}Z`,
    "#f4efe6",
    'opacity="0.92"',
  );
  for (let lace = 0; lace < 5; lace++) {
    const [dx, up] = [-66 + lace * 30, 202 - lace * 18];
    canvas.stroke(`M${at(dx, up)}Q${at(dx + 4, up - 26)} ${at(dx - 16, up - 44)}`, "#faf6ee", 8 * s);
  }
  const sole = `M${at(-226, 46)}C${at(-238, 20)} ${at(-232, 2)} ${at(-206, 0)}H${x + 214 * s}C${at(248, 2)} ${at(250, 28)} ${at(238, 48)}Q${at(0, 34)} ${at(-226, 46)}Z`;
  canvas.path(
    sole,
    canvas.linear([
      [0, "#ffffff"],
      [0.5, "#ece6da"],
      [1, "#b9b0a2"],
    ]),
  );
  canvas.stroke(`M${at(-226, 14)}Q${at(0, 4)} ${at(238, 16)}`, "#8d8478", 3 * s, 'opacity="0.6"');
};
