/** Flags of WebGPU (W3C, 5.1, 6.1.3 and 8.2.2), which the DOM's types do not name. */
export const COMPUTE_STAGE = 0x4;
export const BUFFER = { copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 } as const;
export const TEXTURE = { copySource: 0x1, copyTarget: 0x2, renderTarget: 0x10 } as const;
