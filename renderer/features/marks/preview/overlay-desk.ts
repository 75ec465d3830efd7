import type { MarkOperator } from "#contracts/mark-operator.ts";
import type { Cell } from "#imaging/overlay/cell.ts";
import type { OverlayRenderer } from "#imaging/overlay/overlay-renderer.ts";
import { scaledOverlay } from "#imaging/overlay/scaled-overlay.ts";
import { AppError, toErrorBody } from "#kernel/errors.ts";
import type { AssetSource } from "#template/assets.ts";
import { type CompiledTemplate, compileTemplate } from "#template/compile.ts";
import type { FontFamily } from "#template/lower-layer.ts";
import { resolveMark, variablesOf } from "#template/resolve.ts";
import { VARIABLES } from "#template/variables.ts";
import { CellLedger } from "./cell-ledger.ts";
import type { DrawAnswer, DrawnPicture, DrawRequest, SentCell, SentTile } from "./draw-messages.ts";

export interface OverlayDeskDeps {
  readonly renderer: Pick<OverlayRenderer, "render">;
  readonly fonts: readonly FontFamily[];
  readonly assets: AssetSource;
}

const never = new AbortController().signal;

/** Draws templates for a page: compiles what it is given, and sends only cells that the page does not have yet. */
export class OverlayDesk {
  readonly #deps: OverlayDeskDeps;
  readonly #ledger = new CellLedger();
  readonly #ids = new WeakMap<Cell, number>();
  #nextId = 1;
  #compiled: { readonly source: string; readonly template: Promise<CompiledTemplate> } | null = null;

  constructor(deps: OverlayDeskDeps) {
    this.#deps = deps;
  }

  /** Images are read again the next time. */
  forget(): void {
    this.#compiled = null;
  }

  async draw({ id, source, picture }: Extract<DrawRequest, { type: "draw" }>): Promise<DrawAnswer> {
    const { operator, diagnostics } = await this.#compile(source);
    const answer = { id, key: picture.key, diagnostics, tiles: null, cells: [], missing: [], problem: null };
    if (!operator) return answer;
    const { variables, missing } = withExamples(operator, picture);
    try {
      const { mark } = resolveMark(operator, { ...picture, variables });
      const tiles = scaledOverlay(this.#deps.renderer, mark, picture, picture.scale);
      const cells: SentCell[] = [];
      const sent = new Set<number>();
      const placed = tiles.map(({ cell, left, top, opacity, blend }): SentTile => {
        const cellId = this.#idOf(cell);
        if (!this.#ledger.has(cellId) && !sent.has(cellId)) {
          const { width, height } = cell;
          cells.push({ id: cellId, width, height, rgba: cell.rgba as Uint8Array<ArrayBuffer> });
          sent.add(cellId);
        }
        return { cell: cellId, left, top, opacity, blend };
      });
      this.#ledger.put(
        picture.key,
        placed.map(({ cell }) => cell),
      );
      return { ...answer, tiles: placed, cells, missing };
    } catch (error) {
      return { ...answer, missing, problem: toErrorBody(AppError.from(error)) };
    }
  }

  #compile(source: string): Promise<CompiledTemplate> {
    if (this.#compiled?.source !== source) {
      const { fonts, assets } = this.#deps;
      this.#compiled = { source, template: compileTemplate(source, { fonts, assets }, { signal: never }) };
    }
    return this.#compiled.template;
  }

  #idOf(cell: Cell): number {
    const known = this.#ids.get(cell);
    if (known !== undefined) return known;
    const id = this.#nextId++;
    this.#ids.set(cell, id);
    return id;
  }
}

/** What the page does not know of a picture is shown by the language's own examples. */
function withExamples(operator: MarkOperator, { variables, isRead }: DrawnPicture) {
  const missing = variablesOf(operator).filter((name) => {
    const group = VARIABLES[name]?.group;
    const isKnown = group === "picture" || (group === "clock" && variables.timestamp_ms !== undefined);
    return variables[name] === undefined && !isKnown && !(isRead && (group === "exif" || group === "iptc"));
  });
  const examples = missing.map((name) => {
    const { type, example = "" } = VARIABLES[name] ?? { type: "text" };
    return [name, type === "number" ? Number(example) : example] as const;
  });
  return {
    variables: { ...Object.fromEntries(examples), ...variables },
    missing: missing.filter((name) => name !== "NL"),
  };
}
