import { BLEND_SHADER } from "./blend-shader.ts";
import type { Compositor } from "./compositor.ts";
import { createGpuBlender } from "./gpu-blender.ts";
import { BUFFER } from "./gpu-flags.ts";

/** `null`: this machine has no GPU for pages. */
export async function openGpu(): Promise<GPUDevice | null> {
  try {
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
    return (await adapter?.requestDevice()) ?? null;
  } catch {
    return null;
  }
}

/**
 * Composites on the GPU.
 * @param onFailed Told once when the device is lost or refuses; another compositor has to go on, on another canvas.
 * @throws Error when the canvas cannot be had.
 */
export function createGpuCompositor(
  canvas: HTMLCanvasElement,
  device: GPUDevice,
  onFailed: () => void,
): Compositor {
  const context = canvas.getContext("webgpu") as GPUCanvasContext | null;
  if (!context) throw new Error("This canvas has no WebGPU.");
  const format = navigator.gpu.getPreferredCanvasFormat();
  context.configure({ device, format, alphaMode: "premultiplied" });
  const module = device.createShaderModule({ code: BLEND_SHADER });
  const blender = createGpuBlender(device, module);
  const show = device.createRenderPipeline({
    layout: "auto",
    vertex: { module, entryPoint: "corner" },
    fragment: { module, entryPoint: "show", targets: [{ format }] },
    primitive: { topology: "triangle-list" },
  });
  const view = device.createBuffer({ size: 16, usage: BUFFER.uniform | BUFFER.copyTarget });
  let ended = false;
  const fail = () => {
    if (ended) return;
    ended = true;
    onFailed();
  };
  device.lost.then(fail);
  device.addEventListener("uncapturederror", fail);

  return {
    kind: "gpu",
    setBackdrop(picture, region) {
      canvas.width = region.width;
      canvas.height = region.height;
      blender.setBackdrop(picture, region);
    },
    draw(tiles, split) {
      if (ended) return;
      const encoder = device.createCommandEncoder();
      const ground = blender.encode(encoder, tiles);
      if (!ground) return;
      const { stride, original, marked } = ground;
      device.queue.writeBuffer(view, 0, Uint32Array.of(stride, Math.max(0, Math.round(split))));
      const shown = encoder.beginRenderPass({
        colorAttachments: [
          { view: context.getCurrentTexture().createView(), loadOp: "clear", storeOp: "store" },
        ],
      });
      shown.setPipeline(show);
      const bound = [view, original, marked].map((buffer, binding) => ({ binding, resource: { buffer } }));
      shown.setBindGroup(0, device.createBindGroup({ layout: show.getBindGroupLayout(0), entries: bound }));
      shown.draw(3);
      shown.end();
      device.queue.submit([encoder.finish()]);
    },
    dispose() {
      ended = true;
      blender.dispose();
      view.destroy();
      context.unconfigure();
    },
  };
}
