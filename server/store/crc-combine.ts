/**
 * The CRC of two byte runs, from the CRC of each and the length of the second: what a full-object checksum of a
 * multipart upload needs, without reading the parts again. Appending a zero byte is linear over GF(2), so appending
 * `n` is a matrix power (the method of zlib's `crc32_combine`). Matrices are kept per length, as most parts are equally long.
 */
export class CrcCombiner {
  readonly #width: 32 | 64;
  /** Operators for 1, 2, 4, 8 … zero bytes. */
  readonly #powers: bigint[][];
  readonly #operators = new Map<number, bigint[]>();

  /** `polynomial`: reversed. */
  constructor(width: 32 | 64, polynomial: bigint) {
    this.#width = width;
    const oneBit = [polynomial];
    for (let bit = 1; bit < width; bit++) oneBit.push(1n << BigInt(bit - 1));
    let operator = oneBit;
    for (let doubling = 0; doubling < 3; doubling++) operator = square(operator);
    this.#powers = [operator];
  }

  /** Both checksums and the answer big-endian; `secondLength` in bytes. */
  combine(first: Buffer, second: Buffer, secondLength: number): Buffer {
    const combined = apply(this.#operator(secondLength), read(first)) ^ read(second);
    return Buffer.from(combined.toString(16).padStart(this.#width / 4, "0"), "hex");
  }

  #operator(length: number): bigint[] {
    const known = this.#operators.get(length);
    if (known) return known;
    let operator: bigint[] | undefined;
    for (let rest = length, power = 0; rest > 0; rest = Math.floor(rest / 2), power++) {
      if (this.#powers.length <= power) this.#powers.push(square(this.#powers[power - 1]!));
      if (rest % 2 === 1) {
        const step = this.#powers[power]!;
        operator = operator ? operator.map((column) => apply(step, column)) : step;
      }
    }
    const identity = () => Array.from({ length: this.#width }, (_, bit) => 1n << BigInt(bit));
    const result = operator ?? identity();
    if (this.#operators.size > 64) this.#operators.clear();
    this.#operators.set(length, result);
    return result;
  }
}

function read(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString("hex")}`);
}

function apply(matrix: readonly bigint[], vector: bigint): bigint {
  let sum = 0n;
  for (let rest = vector, column = 0; rest > 0n; rest >>= 1n, column++) if (rest & 1n) sum ^= matrix[column]!;
  return sum;
}

function square(matrix: readonly bigint[]): bigint[] {
  return matrix.map((column) => apply(matrix, column));
}
