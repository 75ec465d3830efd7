import { createStore, type StoreApi } from "zustand/vanilla";
import type { CoreClient, TemplateSummary } from "#contracts/ipc.ts";
import { SHIPPED_FONTS } from "#imaging/overlay/shipped-fonts.ts";
import { AppError, type ErrorBody, toErrorBody } from "#kernel/errors.ts";
import type { DocumentNode } from "#template/ast.ts";
import { checkTemplate } from "#template/compile.ts";
import type { Diagnostic } from "#template/diagnostic.ts";
import { fontFamilies } from "#template/font-families.ts";
import { formatTemplate } from "#template/format.ts";

export const FONTS = fontFamilies(SHIPPED_FONTS);

/** A template as it is being written. */
export interface Draft {
  readonly name: string;
  readonly text: string;
  /** What the file had when it was read or last saved; `null`: there is no file yet. */
  readonly saved: { readonly text: string; readonly revision: string } | null;
}

export interface Marks {
  /** `null` until the core has answered. */
  readonly templates: readonly TemplateSummary[] | null;
  readonly logos: readonly string[];
  readonly draft: Draft | null;
  /** Of the draft's text. */
  readonly document: DocumentNode;
  readonly diagnostics: readonly Diagnostic[];
  /** Names of templates with changes that are not on disk. */
  readonly unsaved: ReadonlySet<string>;
  readonly busy: boolean;
  readonly problem: ErrorBody | null;
}

/** The Marks screen's model. Drafts of several templates stay while another is shown. */
export interface MarksModel {
  readonly store: StoreApi<Marks>;
  open(name: string): Promise<void>;
  create(): void;
  /** Of a template that has no file yet. */
  rename(name: string): void;
  setText(text: string): void;
  /** What the images of a text are like, once they have been read. */
  tellImages(text: string, diagnostics: readonly Diagnostic[]): void;
  format(): void;
  save(): Promise<void>;
  /** Takes what is on disk, and drops the draft's changes. */
  revert(): Promise<void>;
  remove(): Promise<void>;
  close(): void;
}

const EMPTY = checkTemplate("", { fonts: FONTS }).document;
const starter = (name: string) => `template "${name}" {
  text "© Studio" {
    anchor = bottom_right
    margin = 3%
    size = 5%
    opacity = 0.5
  }
}
`;

export function isUnsaved({ text, saved }: Draft): boolean {
  return text !== saved?.text;
}

export function createMarksModel(client: CoreClient): MarksModel {
  const store: StoreApi<Marks> = createStore(() => ({
    templates: null,
    logos: [],
    draft: null,
    document: EMPTY,
    diagnostics: [],
    unsaved: new Set<string>(),
    busy: false,
    problem: null,
  }));
  const drafts = new Map<string, Draft>();

  const show = (draft: Draft | null): void => {
    if (draft) drafts.set(draft.name, draft);
    const unsaved = new Set([...drafts.values()].filter(isUnsaved).map(({ name }) => name));
    const before = store.getState();
    if (draft?.text === before.draft?.text) store.setState({ draft, unsaved });
    else {
      const checked = draft
        ? checkTemplate(draft.text, { fonts: FONTS })
        : { document: EMPTY, diagnostics: [] };
      store.setState({ draft, unsaved, ...checked });
    }
  };
  const guarded = async (work: () => Promise<void>): Promise<void> => {
    store.setState({ busy: true, problem: null });
    try {
      await work();
    } catch (error) {
      store.setState({ problem: toErrorBody(AppError.from(error)) });
    } finally {
      store.setState({ busy: false });
    }
  };
  const read = async (name: string): Promise<void> => {
    const { text: written, revision } = await client.call("templates.read", { name });
    // The editor has one kind of line end; a file of another kind gets it with the first change.
    const text = written.replace(/\r\n?/g, "\n");
    show({ name, text, saved: { text, revision } });
  };
  const open = async (name: string): Promise<void> => {
    const known = drafts.get(name);
    if (known) {
      store.setState({ problem: null });
      show(known);
    } else await guarded(() => read(name));
  };
  /** What is on disk now; a draft without changes follows it. */
  const load = async (): Promise<void> => {
    const { templates, logos } = await client.call("templates.list", {});
    store.setState({ templates, logos });
    const revisions = new Map(templates.map(({ name, revision }) => [name, revision]));
    const { draft } = store.getState();
    for (const each of drafts.values())
      if (!isUnsaved(each) && each.saved?.revision !== revisions.get(each.name)) drafts.delete(each.name);
    if (draft && drafts.has(draft.name)) return;
    const next = draft && revisions.has(draft.name) ? draft.name : templates[0]?.name;
    if (next === undefined) show(null);
    else await read(next);
  };
  const refresh = () =>
    void load().catch((error: unknown) => store.setState({ problem: toErrorBody(error) }));
  const stops = [
    client.on("templates.changed", () => !store.getState().busy && refresh()),
    client.onConnection((connected) => connected && refresh()),
  ];
  refresh();

  return {
    store,
    open,
    create() {
      const taken = new Set([
        ...drafts.keys(),
        ...(store.getState().templates ?? []).map(({ name }) => name),
      ]);
      let name = "new-mark";
      for (let n = 2; taken.has(name); n++) name = `new-mark-${n}`;
      store.setState({ problem: null });
      show({ name, text: starter(name), saved: null });
    },
    rename(name) {
      const { draft } = store.getState();
      if (!draft || draft.saved) return;
      drafts.delete(draft.name);
      // Until it is written in, the template is called as its file is.
      show({ name, saved: null, text: draft.text === starter(draft.name) ? starter(name) : draft.text });
    },
    setText(text) {
      const { draft } = store.getState();
      if (draft && draft.text !== text) show({ ...draft, text });
    },
    tellImages(text, diagnostics) {
      const { draft, diagnostics: known } = store.getState();
      if (draft?.text !== text) return;
      const others = known.filter(({ code }) => !isOfImage(code));
      const images = diagnostics.filter(({ code }) => isOfImage(code));
      if (images.length > 0 || others.length < known.length)
        store.setState({ diagnostics: [...others, ...images].sort((a, b) => a.offset - b.offset) });
    },
    format() {
      const { draft } = store.getState();
      const text = draft && formatTemplate(draft.text).text;
      if (draft && text !== null) show({ ...draft, text });
    },
    save: () =>
      guarded(async () => {
        const { draft } = store.getState();
        if (!draft || !isUnsaved(draft)) return;
        const { name, text, saved } = draft;
        const { revision } = await client.call("templates.save", {
          name,
          text,
          base: saved?.revision ?? null,
        });
        const now = drafts.get(name) ?? draft;
        show({ ...now, saved: { text, revision } });
        await load();
      }),
    revert: () =>
      guarded(async () => {
        const { draft } = store.getState();
        if (!draft) return;
        drafts.delete(draft.name);
        if (draft.saved) await read(draft.name);
        else {
          show(null);
          await load();
        }
      }),
    remove: () =>
      guarded(async () => {
        const { draft } = store.getState();
        if (!draft) return;
        const { name, saved } = draft;
        if (saved) await client.call("templates.remove", { name, base: saved.revision });
        drafts.delete(name);
        show(null);
        await load();
      }),
    close() {
      for (const stop of stops) stop();
    },
  };
}

/** Said only by who has read the files. */
function isOfImage(code: string): boolean {
  return code.startsWith("asset.") && code !== "asset.name";
}
