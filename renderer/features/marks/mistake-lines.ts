import { forEachDiagnostic, setDiagnostics } from "@codemirror/lint";
import { type EditorState, StateEffect, StateField, type TransactionSpec } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";
import type { Diagnostic } from "#template/diagnostic.ts";

/** A mistake as it is shown: in the window's language. */
export interface ShownMistake extends Pick<Diagnostic, "severity" | "offset" | "endOffset" | "suggestion"> {
  readonly message: string;
  /** On the button that takes the suggestion. */
  readonly action: string;
}

const setMistakes = StateEffect.define<readonly ShownMistake[]>();

/** The line under a mistake's own: what is wrong, and the way out. */
class MistakeWidget extends WidgetType {
  readonly #mistake: ShownMistake;

  constructor(mistake: ShownMistake) {
    super();
    this.#mistake = mistake;
  }

  override eq(other: MistakeWidget): boolean {
    return JSON.stringify(this.#mistake) === JSON.stringify(other.#mistake);
  }

  override toDOM(view: EditorView): HTMLElement {
    const { severity, message, suggestion, action } = this.#mistake;
    const line = document.createElement("div");
    line.className = "cm-mistake-line";
    const box = document.createElement("div");
    box.className = `cm-mistake ${severity}`;
    line.append(box);
    box.append(Object.assign(document.createElement("span"), { textContent: message }));
    if (suggestion !== undefined) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: action });
      button.addEventListener("click", () => {
        const place = placeOf(view, line, message);
        if (place)
          view.dispatch({ changes: { ...place, insert: suggestion }, userEvent: "input.suggestion" });
        view.focus();
      });
      box.append(button);
    }
    return line;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

/** Where a mistake's text stands now: other changes may have moved it since it was found. */
function placeOf(view: EditorView, line: HTMLElement, message: string): { from: number; to: number } | null {
  const end = view.posAtDOM(line);
  let place: { from: number; to: number } | null = null;
  forEachDiagnostic(view.state, (diagnostic, from, to) => {
    if (diagnostic.message === message && view.state.doc.lineAt(from).to === end) place ??= { from, to };
  });
  return place;
}

export const mistakesField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(lines, transaction) {
    for (const effect of transaction.effects)
      if (effect.is(setMistakes)) return widgetsOf(effect.value, transaction.state);
    return lines.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

function widgetsOf(mistakes: readonly ShownMistake[], { doc }: EditorState): DecorationSet {
  const widgets = mistakes.map((mistake) =>
    Decoration.widget({ widget: new MistakeWidget(mistake), block: true, side: 1 }).range(
      doc.lineAt(Math.min(mistake.offset, doc.length)).to,
    ),
  );
  return Decoration.set(widgets, true);
}

/** What shows these mistakes, and no others: underlined, and in words under their lines. */
export function withMistakes(state: EditorState, mistakes: readonly ShownMistake[]): TransactionSpec {
  const { length } = state.doc;
  const underlined = setDiagnostics(
    state,
    mistakes.map(({ offset, endOffset, severity, message }) => ({
      from: Math.min(offset, length),
      to: Math.min(endOffset, length),
      severity,
      message,
    })),
  );
  return { effects: [setMistakes.of(mistakes), ...[underlined.effects ?? []].flat()] };
}
