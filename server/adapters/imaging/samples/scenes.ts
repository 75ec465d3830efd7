import * as things from "./objects.ts";
import type { Thing } from "./vessels.ts";
import * as vessels from "./vessels.ts";

/** A thing with its place: x in hundredths of the width, y (of 1000) where it stands, size, colour. */
type Placed = readonly [thing: Thing, x: number, y: number, s: number, color: string];

export interface Scene {
  readonly name: string;
  /** Pixels, as seen. */
  readonly width: number;
  readonly height: number;
  readonly format: "jpeg" | "png" | "webp" | "tiff";
  readonly profile: "srgb" | "p3" | "adobe-rgb" | "cmyk" | "grey";
  /** How the pixels are stored (EXIF). @default 1 */
  readonly orientation?: 1 | 3 | 6 | 8;
  readonly wall: string;
  readonly floor: string;
  readonly things: readonly Placed[];
}

const { vase, tallVase, bowl, fruitBowl, tumbler, creamJar, wineBottle, amberBottle, cup, teapot } = vessels;
const { candle, lamp, flacon, books, pebbles, orange, pear, stems, plant, sneaker } = things;

const LANDSCAPE = { width: 1800, height: 1200 } as const;
const PORTRAIT = { width: 1200, height: 1600 } as const;
const SQUARE = { width: 1400, height: 1400 } as const;
const JPEG = { format: "jpeg", profile: "srgb" } as const;

/** Back to front. */
export const SCENES: readonly Scene[] = [
  {
    name: "stoneware-vase",
    ...PORTRAIT,
    ...JPEG,
    wall: "#d8cbb8",
    floor: "#c7b69d",
    things: [
      [stems, 48, 470, 1.05, "#b98f5a"],
      [vase, 48, 850, 1.05, "#8a6f5c"],
      [pear, 74, 880, 0.8, "#b7a94a"],
    ],
  },
  {
    name: "morning-coffee",
    ...LANDSCAPE,
    ...JPEG,
    wall: "#c9d2d3",
    floor: "#b4bdbd",
    things: [
      [books, 70, 800, 1, "#7d3b34"],
      [cup, 40, 850, 1.35, "#eae4da"],
    ],
  },
  {
    name: "amber-serum",
    ...PORTRAIT,
    format: "jpeg",
    profile: "p3",
    wall: "#e6d3c4",
    floor: "#dcc0ac",
    things: [
      [pebbles, 70, 820, 0.9, "#a79a8e"],
      [amberBottle, 42, 880, 1.55, "#7a3f14"],
    ],
  },
  {
    name: "running-shoe",
    ...LANDSCAPE,
    ...JPEG,
    wall: "#b9c4cf",
    floor: "#a3afbc",
    things: [[sneaker, 50, 810, 1.75, "#d2573a"]],
  },
  {
    name: "red-wine",
    ...PORTRAIT,
    ...JPEG,
    orientation: 6,
    wall: "#6f6258",
    floor: "#5a4c42",
    things: [
      [wineBottle, 40, 880, 1.55, "#20301f"],
      [orange, 72, 880, 1, "#d97b28"],
      [orange, 60, 920, 0.85, "#e08c33"],
    ],
  },
  {
    name: "lemon-bowl",
    ...SQUARE,
    format: "webp",
    profile: "srgb",
    wall: "#dfe3d8",
    floor: "#cfd4c4",
    things: [[fruitBowl, 48, 840, 1.7, "#5d7685"]],
  },
  {
    name: "evening-lamp",
    ...PORTRAIT,
    ...JPEG,
    wall: "#4b4a52",
    floor: "#3f3c40",
    things: [
      [books, 52, 880, 1.05, "#8c5a3a"],
      [lamp, 50, 742, 1.2, "#d88c4a"],
    ],
  },
  {
    name: "face-cream",
    ...SQUARE,
    format: "png",
    profile: "srgb",
    wall: "#eadfe0",
    floor: "#dfcfd0",
    things: [
      [plant, 76, 760, 0.95, "#6f8f6a"],
      [creamJar, 42, 840, 1.75, "#f3ece6"],
    ],
  },
  {
    name: "eau-de-parfum",
    ...PORTRAIT,
    format: "jpeg",
    profile: "adobe-rgb",
    wall: "#cdbfd0",
    floor: "#b9a8bd",
    things: [
      [flacon, 48, 860, 1.75, "#d6a5a0"],
      [pebbles, 80, 890, 0.5, "#8d7f92"],
    ],
  },
  {
    name: "blue-teapot",
    ...LANDSCAPE,
    ...JPEG,
    orientation: 3,
    wall: "#e0d9cc",
    floor: "#cdc2af",
    things: [
      [teapot, 42, 820, 1.7, "#2f5573"],
      [cup, 76, 880, 0.95, "#eee8dc"],
    ],
  },
  {
    name: "candle-light",
    ...PORTRAIT,
    ...JPEG,
    wall: "#5b4a44",
    floor: "#4a3b35",
    things: [
      [books, 54, 900, 1.1, "#3f5a53"],
      [candle, 50, 762, 1.35, "#d9d4cb"],
    ],
  },
  {
    name: "two-pears",
    ...LANDSCAPE,
    format: "tiff",
    profile: "adobe-rgb",
    wall: "#b7b09b",
    floor: "#a2987f",
    things: [
      [pear, 40, 800, 1.75, "#c2b148"],
      [pear, 62, 860, 1.6, "#a99b3a"],
    ],
  },
  {
    name: "house-plant",
    ...PORTRAIT,
    ...JPEG,
    orientation: 8,
    wall: "#d5ddd6",
    floor: "#c3ccc2",
    things: [[plant, 50, 880, 1.75, "#4f7a50"]],
  },
  {
    name: "porcelain-duo",
    ...SQUARE,
    format: "webp",
    profile: "srgb",
    wall: "#b5c3cc",
    floor: "#a4b2ba",
    things: [
      [tallVase, 38, 800, 1.25, "#e9edef"],
      [vase, 66, 880, 1.1, "#3b5f86"],
    ],
  },
  {
    name: "white-sneaker",
    ...LANDSCAPE,
    format: "jpeg",
    profile: "p3",
    wall: "#d9c7a8",
    floor: "#cbb48d",
    things: [[sneaker, 50, 810, 1.75, "#e8e6e1"]],
  },
  {
    name: "print-catalogue",
    ...SQUARE,
    format: "jpeg",
    profile: "cmyk",
    wall: "#d9b9a0",
    floor: "#c79f82",
    things: [
      [tallVase, 34, 790, 1.2, "#8d3b2c"],
      [cup, 66, 880, 1.25, "#f0e7d8"],
    ],
  },
  {
    name: "zen-stones",
    ...LANDSCAPE,
    ...JPEG,
    wall: "#c8c9c4",
    floor: "#b5b6b0",
    things: [
      [stems, 76, 700, 0.9, "#8f9a72"],
      [tallVase, 76, 800, 0.75, "#4a4d4c"],
      [pebbles, 38, 860, 1.6, "#77777a"],
    ],
  },
  {
    name: "green-flacon",
    ...PORTRAIT,
    format: "png",
    profile: "srgb",
    wall: "#dfe2d2",
    floor: "#ccd0ba",
    things: [
      [flacon, 46, 880, 1.6, "#7fae8e"],
      [orange, 76, 900, 0.85, "#dcb437"],
    ],
  },
  {
    name: "reading-corner",
    ...LANDSCAPE,
    ...JPEG,
    orientation: 6,
    wall: "#51606a",
    floor: "#445059",
    things: [
      [books, 36, 860, 1.4, "#b4583b"],
      [lamp, 72, 840, 1.25, "#e2b46a"],
    ],
  },
  {
    name: "silver-portrait",
    ...PORTRAIT,
    format: "jpeg",
    profile: "grey",
    wall: "#bdbdbd",
    floor: "#a6a6a6",
    things: [
      [stems, 50, 420, 1.1, "#9a9a9a"],
      [tallVase, 50, 870, 1.3, "#4d4d4d"],
    ],
  },
  {
    name: "apothecary",
    ...LANDSCAPE,
    ...JPEG,
    wall: "#cfc4b4",
    floor: "#bbae9a",
    things: [
      [amberBottle, 30, 800, 1.35, "#6d3610"],
      [creamJar, 72, 810, 1.1, "#e9e3da"],
      [amberBottle, 52, 880, 1, "#2d4a3a"],
    ],
  },
  {
    name: "iced-water",
    ...PORTRAIT,
    ...JPEG,
    wall: "#c5d8de",
    floor: "#aec6ce",
    things: [
      [orange, 70, 860, 0.95, "#e0862c"],
      [tumbler, 44, 880, 2, "#bcd3da"],
    ],
  },
  {
    name: "terracotta",
    ...SQUARE,
    format: "tiff",
    profile: "srgb",
    wall: "#e3c9b2",
    floor: "#d3b094",
    things: [
      [stems, 40, 500, 1, "#a3774a"],
      [vase, 40, 820, 0.95, "#b5603e"],
      [bowl, 70, 890, 0.9, "#7c4a35"],
    ],
  },
  {
    name: "sunday-table",
    ...LANDSCAPE,
    format: "jpeg",
    profile: "p3",
    wall: "#e7dcc6",
    floor: "#d2c0a0",
    things: [
      [wineBottle, 24, 770, 1.05, "#31402a"],
      [teapot, 52, 840, 1.15, "#b9463a"],
      [pear, 80, 880, 1.05, "#bcae4c"],
    ],
  },
];
