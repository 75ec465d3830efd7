import { BLEND_MODES } from "#contracts/mark-operator.ts";
import type { PixelBox } from "#imaging/orientation.ts";
import { coversOf } from "#imaging/overlay/blend-opaque-tiles.ts";
import type { Cell } from "#imaging/overlay/cell.ts";
import type { OpaqueTile } from "#imaging/overlay/scaled-overlay.ts";
import { BUFFER, COMPUTE_STAGE, TEXTURE } from "./gpu-flags.ts";

/** Words of one tile's parameters, and the distance from one to the next: the most that devices align to. */
const TILE_WORDS = 76;
const TILE_BYTES = 512;
const GROUP = 16;

/** Lays tiles over the part of a picture that is in sight, in the device's memory. */
export interface GpuBlender {
  setBackdrop(picture: ImageBitmap, region: PixelBox): void;
  /** Adds the work to an encoder; what was there before is begun anew from the picture. */
  encode(encoder: GPUCommandEncoder, tiles: readonly OpaqueTile[]): Ground | null;
  dispose(): void;
}

/** Opacity and place are parameters: a change of them uploads no pixels. */
export function createGpuBlender(device: GPUDevice, module: GPUShaderModule): GpuBlender {
  const layout = device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility: COMPUTE_STAGE, buffer: { type: "uniform", hasDynamicOffset: true } },
      { binding: 1, visibility: COMPUTE_STAGE, buffer: { type: "read-only-storage" } },
      { binding: 2, visibility: COMPUTE_STAGE, buffer: { type: "storage" } },
    ],
  });
  const lay = device.createComputePipeline({
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: "lay" },
  });
  const cells = new Map<Cell, GPUBuffer>();
  let tileParameters: GPUBuffer | null = null;
  let ground: Ground | null = null;

  /** Pixels of a cell on the device, uploaded once. */
  const bufferOf = (cell: Cell): GPUBuffer => {
    const known = cells.get(cell);
    if (known) return known;
    const buffer = device.createBuffer({
      size: cell.rgba.length,
      usage: BUFFER.storage | BUFFER.copyTarget,
    });
    device.queue.writeBuffer(buffer, 0, cell.rgba as Uint8Array<ArrayBuffer>);
    cells.set(cell, buffer);
    return buffer;
  };
  const parametersFor = (tiles: number): GPUBuffer => {
    if (tileParameters && tileParameters.size >= tiles * TILE_BYTES) return tileParameters;
    tileParameters?.destroy();
    tileParameters = device.createBuffer({
      size: Math.max(1, tiles) * TILE_BYTES,
      usage: BUFFER.uniform | BUFFER.copyTarget,
    });
    return tileParameters;
  };

  return {
    setBackdrop(picture, region) {
      ground?.dispose();
      ground = createGround(device, picture, region);
    },
    encode(encoder, tiles) {
      if (!ground) return null;
      const { region, stride, original, marked } = ground;
      const used = new Set(tiles.map(({ cell }) => cell));
      for (const [cell, buffer] of cells)
        if (!used.has(cell)) {
          buffer.destroy();
          cells.delete(cell);
        }
      const seen = tiles.flatMap((tile) => {
        const box = visibleBox(tile, region);
        return box ? [{ tile, box }] : [];
      });
      const words = new Uint32Array((seen.length * TILE_BYTES) / 4);
      for (const [i, { tile, box }] of seen.entries())
        words.set(parametersOf(tile, box, region, stride), (i * TILE_BYTES) / 4);
      const parameters = parametersFor(seen.length);
      device.queue.writeBuffer(parameters, 0, words);
      encoder.copyBufferToBuffer(original, marked);
      const pass = encoder.beginComputePass();
      pass.setPipeline(lay);
      for (const [i, { tile, box }] of seen.entries()) {
        const bound = device.createBindGroup({
          layout,
          entries: [
            { binding: 0, resource: { buffer: parameters, size: TILE_WORDS * 4 } },
            { binding: 1, resource: { buffer: bufferOf(tile.cell) } },
            { binding: 2, resource: { buffer: marked } },
          ],
        });
        pass.setBindGroup(0, bound, [i * TILE_BYTES]);
        pass.dispatchWorkgroups(Math.ceil(box.width / GROUP), Math.ceil(box.height / GROUP));
      }
      pass.end();
      return ground;
    },
    dispose() {
      ground?.dispose();
      for (const buffer of cells.values()) buffer.destroy();
      tileParameters?.destroy();
    },
  };
}

/** The part of a picture that is in sight, as words on the device, with room for the same with its mark. */
export interface Ground {
  readonly region: PixelBox;
  /** Words from one row to the next. */
  readonly stride: number;
  readonly original: GPUBuffer;
  readonly marked: GPUBuffer;
  dispose(): void;
}

function createGround(device: GPUDevice, picture: ImageBitmap, region: PixelBox): Ground {
  const { width, height } = region;
  // Rows of a copied texture begin at multiples of 256 bytes.
  const stride = Math.ceil(width / 64) * 64;
  const texture = device.createTexture({
    size: [width, height],
    format: "rgba8unorm",
    usage: TEXTURE.copyTarget | TEXTURE.copySource | TEXTURE.renderTarget,
  });
  const usage = BUFFER.storage | BUFFER.copyTarget | BUFFER.copySource;
  const [original, marked] = [0, 1].map(() => device.createBuffer({ size: stride * height * 4, usage }));
  device.queue.copyExternalImageToTexture(
    { source: picture, origin: [region.left, region.top] },
    { texture, premultipliedAlpha: false },
    [width, height],
  );
  const encoder = device.createCommandEncoder();
  encoder.copyTextureToBuffer({ texture }, { buffer: original!, bytesPerRow: stride * 4 }, [width, height]);
  device.queue.submit([encoder.finish()]);
  return {
    region,
    stride,
    original: original!,
    marked: marked!,
    dispose() {
      texture.destroy();
      original!.destroy();
      marked!.destroy();
    },
  };
}

/** A tile's part within the region, counted from the region's corner. */
function visibleBox({ left, top, cell }: OpaqueTile, region: PixelBox): PixelBox | null {
  const x0 = Math.max(0, left - region.left);
  const y0 = Math.max(0, top - region.top);
  const width = Math.min(region.width, left + cell.width - region.left) - x0;
  const height = Math.min(region.height, top + cell.height - region.top) - y0;
  return width > 0 && height > 0 ? { left: x0, top: y0, width, height } : null;
}

function parametersOf(tile: OpaqueTile, box: PixelBox, region: PixelBox, stride: number): Uint32Array {
  const words = new Uint32Array(TILE_WORDS);
  words.set([
    tile.left - region.left,
    tile.top - region.top,
    tile.cell.width,
    stride,
    box.left,
    box.top,
    box.left + box.width,
    box.top + box.height,
    BLEND_MODES.indexOf(tile.blend),
  ]);
  words.set(new Uint32Array(coversOf(tile.opacity).buffer), 12);
  return words;
}
