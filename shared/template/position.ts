/** A stretch of a source text: offsets in UTF-16 code units, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A place in a source text: `offset` from 0, `line` and `column` from 1, all in UTF-16 code units. */
export interface Position {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** Where the lines of a text begin. Lines end with LF, CR LF or CR. */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(source: string) {
    for (let at = 0; at < source.length; at++) {
      const unit = source.charCodeAt(at);
      if (unit === 10 || (unit === 13 && source.charCodeAt(at + 1) !== 10)) this.#starts.push(at + 1);
    }
  }

  /** The position of an offset within the text. Takes logarithmic time. */
  positionOf(offset: number): Position {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { offset, line: low + 1, column: offset - this.#starts[low]! + 1 };
  }
}
