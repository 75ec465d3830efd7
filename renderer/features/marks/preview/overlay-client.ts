import type { Cell } from "#imaging/overlay/cell.ts";
import type { OpaqueTile } from "#imaging/overlay/scaled-overlay.ts";
import type { ErrorBody } from "#kernel/errors.ts";
import type { Diagnostic } from "#template/diagnostic.ts";
import { CellLedger } from "./cell-ledger.ts";
import type { DrawAnswer, DrawnPicture, DrawRequest } from "./draw-messages.ts";

/** What the client needs of a worker. */
export interface DrawPort {
  postMessage(message: DrawRequest): void;
  onAnswer(listener: (answer: DrawAnswer) => void): void;
}

export interface Drawn {
  readonly picture: DrawnPicture;
  readonly source: string;
  readonly diagnostics: readonly Diagnostic[];
  /** `null`: nothing new was drawn. */
  readonly tiles: readonly OpaqueTile[] | null;
  readonly missing: readonly string[];
  readonly problem: ErrorBody | null;
}

interface Wanted {
  readonly source: string;
  readonly picture: DrawnPicture;
  readonly tell: (drawn: Drawn) => void;
}

/**
 * Has marks drawn, one at a time. Of one picture only what was asked last is drawn; what is urgent goes first, so that
 * a slider is followed while a contact sheet is being filled.
 */
export class OverlayClient {
  readonly #port: DrawPort;
  readonly #ledger = new CellLedger();
  readonly #cells = new Map<number, Cell>();
  readonly #urgent = new Map<string, Wanted>();
  readonly #patient = new Map<string, Wanted>();
  #inHand: (Wanted & { readonly id: number }) | null = null;
  #nextId = 1;

  constructor(port: DrawPort) {
    this.#port = port;
    port.onAnswer((answer) => this.#answered(answer));
  }

  /** `tell` is not called when the same picture is asked for again before its turn has come. */
  draw(
    source: string,
    picture: DrawnPicture,
    { urgent, tell }: { readonly urgent: boolean; readonly tell: (drawn: Drawn) => void },
  ): void {
    (urgent ? this.#urgent : this.#patient).set(picture.key, { source, picture, tell });
    this.#send();
  }

  /** Images beside the templates have changed. */
  forget(): void {
    this.#port.postMessage({ type: "forget" });
  }

  #send(): void {
    if (this.#inHand) return;
    for (const queue of [this.#urgent, this.#patient])
      for (const [key, wanted] of queue) {
        queue.delete(key);
        this.#inHand = { ...wanted, id: this.#nextId++ };
        const { id, source, picture } = this.#inHand;
        this.#port.postMessage({ type: "draw", id, source, picture });
        return;
      }
  }

  #answered(answer: DrawAnswer): void {
    const asked = this.#inHand;
    if (asked?.id !== answer.id) return;
    this.#inHand = null;
    for (const { id, ...cell } of answer.cells) this.#cells.set(id, cell);
    const tiles =
      answer.tiles?.map(({ cell, ...tile }) => ({ ...tile, cell: this.#cells.get(cell)! })) ?? null;
    if (answer.tiles) {
      const gone = this.#ledger.put(
        answer.key,
        answer.tiles.map(({ cell }) => cell),
      );
      for (const id of gone) this.#cells.delete(id);
    }
    const { diagnostics, missing, problem } = answer;
    const { source, picture } = asked;
    this.#send();
    asked.tell({ source, picture, diagnostics, tiles, missing, problem });
  }
}
