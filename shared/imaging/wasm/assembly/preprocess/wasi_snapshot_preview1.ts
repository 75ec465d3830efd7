/**
 * AssemblyScript: the functions of WASI, preview 1, that the command calls. Imports take their module's name from this
 * file's, hence its spelling. All answer an error number, 0 for none.
 */

export declare function args_sizes_get(count: usize, bytes: usize): u32;
export declare function args_get(addresses: usize, bytes: usize): u32;
export declare function fd_read(file: u32, pieces: usize, count: u32, done: usize): u32;
export declare function fd_write(file: u32, pieces: usize, count: u32, done: usize): u32;
export declare function proc_exit(status: u32): void;
