/** AssemblyScript: the preprocessing kernel as a page and Node load it (../../preprocessor-kernel.ts). Imports nothing. */

export { greyscale } from "./greyscale";
export { openResize, resized, resizeRows, turnResized } from "./resize";
export { shaBegin, shaEnd, shaUpdate } from "./sha256";
export { openTurn, turnNext } from "./turn";
