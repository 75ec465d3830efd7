/**
 * Flags of the Node that runs the studio's core. Left to itself, V8 lets the garbage of thousands of pictures pile up to
 * more than twice what is in use; with these the core stays below 250 MB however many pictures there are: its heap
 * levels off at 68 MiB where it took 95 with a growth of 100 percent. Less growth still costs: a small heap left to itself is
 * collected whole for every 10 MB that come from the network.
 */
export const CORE_FLAGS = [
  "--max-semi-space-size=4",
  "--max-old-space-size=192",
  "--heap-growing-percent=40",
];

/** For glibc: the memory of a picture goes back to the system when it is free. Elsewhere without effect. */
export const CORE_ENVIRONMENT = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "262144" };
