/** What this needs of WebAssembly's API: a page's types have it, Node's leave it out. */
interface WasmApi {
  compile(code: Uint8Array): Promise<object>;
  instantiate(module: object, imports: object): Promise<{ readonly exports: unknown }>;
}
const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly: WasmApi };

/** Memory of an instance; each growth gives it a new buffer. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** @param code A module that imports nothing, as base64. */
export function compileModule(code: string): Promise<object> {
  return wasm.compile(Uint8Array.from(atob(code), (byte) => byte.charCodeAt(0)));
}

/** A fresh instance's exports. */
export async function instantiateModule<Exports>(module: object): Promise<Exports> {
  const { exports } = await wasm.instantiate(module, {});
  return exports as Exports;
}
