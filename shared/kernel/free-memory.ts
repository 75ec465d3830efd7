/**
 * Gives a buffer's memory back at once; nobody may look at it again, and the system must be done with it. What is only
 * part of a larger piece of memory stays. Left to the collector, buffers of 64 KiB with a few hundred bytes of heap pile
 * up until V8 marks the whole heap to find them: once for every photograph, at a third of a store's time.
 */
export function freeMemory({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
