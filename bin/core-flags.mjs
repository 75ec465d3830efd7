/**
 * Flags of the Node that runs the studio's core. Left to itself, V8 lets the garbage of thousands of pictures pile up to
 * more than twice what is in use; with these the core stays below 250 MB however many pictures there are.
 */
export const CORE_FLAGS = ["--max-semi-space-size=4", "--max-old-space-size=192"];
