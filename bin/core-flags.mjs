/**
 * Flags of the Node that runs the studio's core. Left to itself, V8 lets the garbage of thousands of pictures pile up to
 * more than twice what is in use. With a heap that grows by 20 percent before it is collected, and without the first of
 * V8's three compilers, whose code took 7 MiB and saved no time, the core's peak is the same for 300 files and 30,000
 * (docs/benchmarks.md). Less growth costs: with 10 percent the core takes a fifth more CPU.
 */
export const CORE_FLAGS = [
  "--max-semi-space-size=4",
  "--max-old-space-size=192",
  "--heap-growing-percent=20",
  "--no-sparkplug",
];

/** For glibc: the memory of a picture goes back to the system when it is free. Elsewhere without effect. */
export const CORE_ENVIRONMENT = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "262144" };
