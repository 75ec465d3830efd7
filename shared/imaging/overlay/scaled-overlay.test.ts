import { expect, test } from "vitest";
import type { ResolvedMark } from "#contracts/mark-operator.ts";
import type { OverlayTile } from "../overlay.ts";
import { scaledOverlay } from "./scaled-overlay.ts";

const px = (value: number) => ({ value, unit: "px" as const });
const base = {
  anchor: "top_left" as const,
  marginX: px(40),
  marginY: { value: 0.1, unit: "short_side" as const },
  rotation: 0,
  blend: "normal" as const,
  pattern: null,
};
const logo = { ...base, kind: "image" as const, asset: "a", width: px(200), opacity: 0.4 };
const code = {
  ...base,
  kind: "qr" as const,
  value: "x",
  size: px(100),
  dark: "#000000",
  light: null,
  correction: "M" as const,
  quiet: 4,
  opacity: 1,
};
const mark = (layers: ResolvedMark["layers"]): ResolvedMark => ({ safeArea: px(8), layers, assets: {} });
const BIG = { width: 400, height: 200 };

function recording(tile: OverlayTile) {
  const asked: [ResolvedMark, { width: number; height: number }][] = [];
  const render = (wanted: ResolvedMark, size: { width: number; height: number }) => {
    asked.push([wanted, size]);
    return { tiles: [tile] };
  };
  return { asked, render };
}
const tile: OverlayTile = {
  left: 5,
  top: 6,
  width: 2,
  height: 2,
  rgba: Uint8Array.from([255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0]),
  blend: "normal",
};

test("at full size a layer is asked for as it is, its opacity left for later", () => {
  const { asked, render } = recording(tile);
  const [first] = scaledOverlay({ render }, mark([logo]), BIG, 1);
  expect(asked).toEqual([[mark([{ ...logo, opacity: 1 }]), BIG]]);
  expect(first).toMatchObject({ left: 5, top: 6, opacity: 0.4, cell: { width: 2, height: 2 } });
  expect(first!.cell.rgba).toBe(tile.rgba);
});

test("the same drawing is the same cell, wherever it stands", () => {
  const [a] = scaledOverlay(recording(tile), mark([logo]), BIG, 1);
  const [b] = scaledOverlay(recording({ ...tile, left: 90 }), mark([{ ...logo, opacity: 1 }]), BIG, 1);
  expect(a!.cell).toBe(b!.cell);
});

test("smaller, lengths in pixels shrink with the picture and parts of a side stay", () => {
  const { asked, render } = recording(tile);
  scaledOverlay({ render }, mark([logo]), BIG, 0.25);
  const [[wanted, size]] = asked as [[ResolvedMark, unknown]];
  expect(size).toEqual({ width: 100, height: 50 });
  expect(wanted.safeArea).toEqual(px(2));
  expect(wanted.layers[0]).toMatchObject({ width: px(50), marginX: px(10), marginY: logo.marginY });
});

test("a QR code is drawn in full and shrunk to the mean of its colours and coverage", () => {
  const { asked, render } = recording(tile);
  const [only] = scaledOverlay({ render }, mark([code]), BIG, 0.5);
  expect(asked[0]![1]).toEqual(BIG);
  expect(only).toMatchObject({ left: 3, top: 3, cell: { width: 1, height: 1 } });
  expect([...only!.cell.rgba]).toEqual([128, 0, 128, 128]);
});

test("a layer that is not to be seen is not drawn", () => {
  expect(scaledOverlay(recording(tile), mark([{ ...logo, opacity: 0 }]), BIG, 1)).toEqual([]);
});

test("a pattern is asked for in the same way whatever its margins are", () => {
  const { asked, render } = recording(tile);
  const pattern = { angle: 0, gapX: px(10), gapY: px(10), stagger: false };
  for (const margin of [1, 2])
    scaledOverlay({ render }, mark([{ ...logo, pattern, marginX: px(margin) }]), BIG, 1);
  expect(asked[0]).toEqual(asked[1]);
});
