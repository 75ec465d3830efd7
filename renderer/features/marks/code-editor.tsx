import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useLayoutEffect, useRef } from "react";
import { mistakeText } from "../../app/messages/mistakes.ts";
import { useText } from "../../app/messages/text.tsx";
import { editorExtensions } from "./editor-setup.ts";
import { FONTS, type Marks, type MarksModel } from "./marks-store.ts";
import { withMistakes } from "./mistake-lines.ts";

/** Without a key, before mistakes are shown. */
const MISTAKES_AFTER_MS = 300;

export interface CodeEditorProps {
  readonly model: MarksModel;
  readonly draft: NonNullable<Marks["draft"]>;
  readonly diagnostics: Marks["diagnostics"];
  readonly onCursor: (offset: number) => void;
}

/**
 * The template's text. It lives in a shadow tree: there the editor's styles are style sheets by themselves, and the
 * page's policy needs no exception for inline ones.
 */
export function CodeEditor({ model, draft, diagnostics, onCursor }: CodeEditorProps) {
  const { t, language } = useText();
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const cursor = useRef(onCursor);
  cursor.current = onCursor;
  const { name, text } = draft;
  const label = t("marks.code");

  // biome-ignore lint/correctness/useExhaustiveDependencies: each template has an editor, and a history, of its own.
  useLayoutEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: "open" });
    const editor = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: text,
        extensions: editorExtensions({
          label,
          families: FONTS.map(({ family }) => family),
          logos: () => model.store.getState().logos,
          onText: (now) => model.setText(now),
          onCursor: (offset) => cursor.current(offset),
          onSave: () => void model.save(),
          onFormat: () => model.format(),
        }),
      }),
    });
    view.current = editor;
    return () => {
      view.current = null;
      editor.destroy();
    };
  }, [name, label, model]);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const change = changeBetween(editor.state.doc.toString(), text);
    if (change) editor.dispatch({ changes: change });
  }, [text]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new editor wants them, too.
  useEffect(() => {
    const show = () => {
      const editor = view.current;
      if (!editor || editor.state.doc.toString() !== text) return;
      const shown = diagnostics.map((mistake) => ({
        ...mistake,
        message: mistakeText(language, mistake, text),
        action: t("marks.suggestion", mistake.suggestion ?? ""),
      }));
      editor.dispatch(withMistakes(editor.state, shown));
    };
    // Half a word is no mistake; what is well again is well at once.
    const timer = setTimeout(show, diagnostics.length > 0 ? MISTAKES_AFTER_MS : 0);
    return () => clearTimeout(timer);
  }, [diagnostics, text, language, name]);

  return <div ref={host} className="code-editor" />;
}

/** The one stretch in which two texts differ, so that cursor and history stay. Pure. */
function changeBetween(before: string, after: string): { from: number; to: number; insert: string } | null {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) };
}
