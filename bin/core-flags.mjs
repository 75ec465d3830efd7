/**
 * Flags of the Node that runs the studio's core. Left to itself, V8 lets the garbage of thousands of pictures pile up to
 * more than twice what is in use; with these the core stays below 250 MB however many pictures there are. The growth makes
 * up for what a small heap does by itself: to collect it all for every 10 MB that come from the network.
 */
export const CORE_FLAGS = [
  "--max-semi-space-size=4",
  "--max-old-space-size=192",
  "--heap-growing-percent=100",
];

/** For glibc: the memory of a picture goes back to the system when it is free. Elsewhere without effect. */
export const CORE_ENVIRONMENT = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "262144" };
