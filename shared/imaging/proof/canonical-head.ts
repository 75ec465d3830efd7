import { joinBytes } from "../join-bytes.ts";
import type { Frame } from "./jpeg-frame.ts";
import { headMarkers, startsWith } from "./jpeg-markers.ts";

/** Of pictures without an Adobe marker. */
const NO_TRANSFORM = 0xff;
const ADOBE = 0xee;
const JFIF = 0xe0;

/**
 * What stands in front of a JPEG's canonical coefficients: `PMC1`; width and height, 16 bits; the Adobe marker's
 * transform, 255 without one; 1 with a JFIF marker, else 0; the number of components; and for each its name, its
 * sampling factors, and 64 quantisation steps of 16 bits in zigzag order. Little-endian.
 */
export function canonicalHead(frame: Frame, steps: readonly Uint16Array[], bytes: Uint8Array): Uint8Array {
  const markers = headMarkers(bytes);
  const adobe = markers.find(
    ({ code, payload }) => code === ADOBE && startsWith(payload, "Adobe") && payload.length >= 12,
  );
  const isJfif = markers.some(({ code, payload }) => code === JFIF && startsWith(payload, "JFIF\0"));
  const { width, height, components } = frame;
  const head = new Uint8Array(11);
  head.set([0x50, 0x4d, 0x43, 0x31, width & 255, width >> 8, height & 255, height >> 8]);
  head.set([adobe?.payload[11] ?? NO_TRANSFORM, isJfif ? 1 : 0, components.length], 8);
  const parts = components.flatMap(({ id, horizontal, vertical }, i) => [
    Uint8Array.of(id, horizontal, vertical),
    Uint8Array.from(littleEndian(steps[i]!)),
  ]);
  return joinBytes([head, ...parts]);
}

function littleEndian(values: Uint16Array): number[] {
  return [...values].flatMap((value) => [value & 255, value >> 8]);
}
