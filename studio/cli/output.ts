import type { Writable } from "node:stream";

/** Where a command writes. */
export interface Output {
  /** Its answer: one line, without its end. */
  line(text: string): void;
  /** What is not its answer: notices and errors. */
  notice(text: string): void;
  /** Replaces the line that stands at the bottom of a terminal; "": takes it away. Nothing elsewhere. */
  status(text: string): void;
  readonly isTerminal: boolean;
  readonly columns: number;
}

type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Standard output and error. @param onBroken called when nobody reads the output any more. */
export function createOutput(stdout: Stream, stderr: Stream, onBroken: () => void): Output {
  const isTerminal = stdout.isTTY === true && stderr.isTTY === true;
  let status = "";
  let broken = false;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    if (!broken) onBroken();
    broken = true;
  });
  stderr.on("error", () => {});
  const clear = () => {
    if (status !== "") stderr.write("\r\x1b[2K");
  };
  const above = (stream: Stream, text: string) => {
    if (broken && stream === stdout) return;
    clear();
    stream.write(`${text}\n`);
    if (status !== "") stderr.write(status);
  };
  return {
    isTerminal,
    get columns() {
      return stdout.columns ?? 80;
    },
    line: (text) => above(stdout, text),
    notice: (text) => above(stderr, text),
    status(text) {
      if (!isTerminal || text === status) return;
      clear();
      status = text;
      stderr.write(text);
    },
  };
}
