import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import {
  bracketMatching,
  HighlightStyle,
  indentUnit,
  StreamLanguage,
  type StringStream,
  syntaxHighlighting,
} from "@codemirror/language";
import { linter, lintKeymap } from "@codemirror/lint";
import type { Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { mistakesField } from "./mistake-lines.ts";
import { highlightLine, type Stretch } from "./template-highlight.ts";
import { type Offer, offersAt } from "./template-words.ts";

export interface EditorHooks {
  readonly label: string;
  readonly families: readonly string[];
  readonly logos: () => readonly string[];
  readonly onText: (text: string) => void;
  /** The cursor stands somewhere else. */
  readonly onCursor: (offset: number) => void;
  readonly onSave: () => void;
  readonly onFormat: () => void;
}

interface LineState {
  stretches: readonly Stretch[];
}

const templateLanguage = StreamLanguage.define<LineState>({
  name: "platemark",
  startState: () => ({ stretches: [] }),
  copyState: ({ stretches }) => ({ stretches }),
  token(stream: StringStream, state) {
    if (stream.sol()) state.stretches = highlightLine(stream.string);
    const next = state.stretches.find(({ to }) => to > stream.pos);
    if (!next) stream.skipToEnd();
    else stream.pos = next.from > stream.pos ? next.from : next.to;
    return next && stream.pos === next.to ? next.style : null;
  },
  tokenTable: {
    functionName: tags.function(tags.variableName),
    color: tags.color,
    special: tags.special(tags.string),
  },
  languageData: {
    commentTokens: { line: "//" },
    closeBrackets: { brackets: ["{", "(", '"'] },
    indentOnInput: /^\s*\}$/,
  },
});

const highlighting = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)", fontWeight: "600" },
  { tag: tags.propertyName, color: "var(--text-1)" },
  { tag: tags.function(tags.variableName), color: "var(--code-name)" },
  { tag: tags.variableName, color: "var(--code-name)" },
  { tag: tags.atom, color: "var(--code-value)" },
  { tag: [tags.number, tags.color], color: "var(--code-value)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: tags.special(tags.string), color: "var(--code-name)" },
  { tag: tags.comment, color: "var(--text-2)", fontStyle: "italic" },
  { tag: [tags.operator, tags.punctuation], color: "var(--text-2)" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

/** Colours and measures from the window's tokens, which reach into the editor's shadow tree. */
const theme = EditorView.theme({
  "&": { height: "100%", color: "var(--text-1)", backgroundColor: "var(--surface-0)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { font: '400 13px / 20px var(--mono), "Noto Sans SC"', overflow: "auto" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--text-1)" },
  ".cm-line": { padding: "0 12px 0 4px" },
  ".cm-gutters": { backgroundColor: "var(--surface-0)", color: "var(--text-3)", border: "0" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 8px 0 12px", minWidth: "36px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--surface-1)" },
  ".cm-cursor": { borderLeftColor: "var(--text-1)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection": {
    backgroundColor: "var(--code-selection) !important",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--surface-3)" },
  ".cm-tooltip": {
    border: "1px solid var(--line)",
    borderRadius: "var(--radius-control)",
    backgroundColor: "var(--surface-1)",
    boxShadow: "var(--shadow)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { font: "400 12px / 20px var(--mono)", maxHeight: "240px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "2px 8px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--surface-3)", color: "var(--text-1)" },
  ".cm-completionDetail": { color: "var(--text-2)", fontStyle: "normal", fontFamily: "var(--font)" },
  ".cm-completionMatchedText": { textDecoration: "none", color: "var(--accent)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad) 1px",
    textUnderlineOffset: "3px",
  },
  ".cm-lintRange-warning": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--accent) 1px",
    textUnderlineOffset: "3px",
  },
  // Padding, for the editor does not see margins when it measures lines.
  ".cm-mistake-line": { padding: "2px 12px 4px 4px" },
  ".cm-mistake": {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "baseline",
    gap: "2px 8px",
    padding: "4px 8px",
    borderLeft: "3px solid var(--bad)",
    background: "var(--bad-quiet)",
    font: "400 12px / 16px var(--font)",
  },
  ".cm-mistake.warning": { borderLeftColor: "var(--accent)", background: "var(--accent-quiet)" },
  ".cm-mistake button": {
    padding: "0 6px",
    border: "1px solid var(--control-line)",
    borderRadius: "var(--radius-control)",
    background: "var(--surface-1)",
    color: "var(--text-1)",
    font: "500 12px / 16px var(--font)",
    cursor: "pointer",
  },
  ".cm-panels": { backgroundColor: "var(--surface-1)", color: "var(--text-1)", border: "0" },
});

/** Everything of the editor but its text. */
export function editorExtensions(hooks: EditorHooks): Extension {
  return [
    lineNumbers(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    bracketMatching(),
    EditorView.lineWrapping,
    closeBrackets(),
    indentUnit.of("  "),
    templateLanguage,
    syntaxHighlighting(highlighting),
    // Mistakes are told by the model; their messages stand under their lines, not in bubbles.
    linter(null, { tooltipFilter: () => [] }),
    mistakesField,
    autocompletion({
      override: [(context) => complete(context, hooks)],
      icons: false,
      maxRenderedOptions: 60,
    }),
    keymap.of([
      { key: "Mod-s", run: run(hooks.onSave), preventDefault: true },
      { key: "Shift-Alt-f", run: run(hooks.onFormat) },
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...lintKeymap,
      ...historyKeymap,
      ...defaultKeymap,
      indentWithTab,
    ]),
    EditorView.contentAttributes.of({ "aria-label": hooks.label }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) hooks.onText(update.state.doc.toString());
      if (update.selectionSet || update.docChanged) hooks.onCursor(update.state.selection.main.head);
    }),
    theme,
  ];
}

function run(work: () => void) {
  return () => {
    work();
    return true;
  };
}

function complete(context: CompletionContext, { families, logos }: EditorHooks): CompletionResult | null {
  const found = offersAt(context.state.doc.toString(), context.pos, { families, logos: logos() });
  if (!found || (found.from === context.pos && !context.explicit && !opens(context))) return null;
  return {
    from: found.from,
    validFor: /^[\w. -]*$/,
    options: found.offers.map((offer) => ({
      label: offer.label,
      type: offer.kind,
      ...(offer.meaning !== undefined && { detail: offer.meaning }),
      ...(offer.insert !== undefined && { apply: insertion(offer) }),
    })),
  };
}

/** Behind these, the choice is shown without being asked for. */
function opens({ state, pos }: CompletionContext): boolean {
  return /(?:\$\(|= )$/.test(state.sliceDoc(Math.max(0, pos - 2), pos));
}

/** Writes an offer, and puts the cursor where its `|` stands. */
function insertion({ insert = "" }: Offer) {
  const at = insert.indexOf("|");
  const text = at < 0 ? insert : insert.slice(0, at) + insert.slice(at + 1);
  return (view: EditorView, _completion: unknown, from: number, to: number) =>
    view.dispatch({
      changes: { from, to, insert: text },
      selection: { anchor: from + (at < 0 ? text.length : at) },
      userEvent: "input.complete",
    });
}
