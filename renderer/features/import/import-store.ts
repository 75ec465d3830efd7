import { createStore, type StoreApi } from "zustand/vanilla";
import type { CoreClient, DroppedFile, Request, TemplateSummary } from "#contracts/ipc.ts";
import type { JobValueName, JobValues } from "#contracts/mark.ts";
import { DEFAULT_MARK, type MarkSpec, markSpecSchema } from "#contracts/mark-spec.ts";
import { AppError, type ErrorBody, toErrorBody } from "#kernel/errors.ts";

export type ImportActivity =
  | { readonly name: "idle" }
  | { readonly name: "reading" }
  | { readonly name: "handing"; readonly done: number; readonly total: number }
  | { readonly name: "starting" }
  | { readonly name: "making" };

export interface Importing {
  readonly mark: MarkSpec;
  readonly defaultMark: MarkSpec;
  /** The template that pictures are marked with; `null`: the plain text of `mark`. */
  readonly template: string | null;
  readonly templates: readonly TemplateSummary[];
  /** What the user has said of the job, for templates that ask. */
  readonly values: JobValues;
  readonly activity: ImportActivity;
  readonly problem: ErrorBody | "dropEmpty" | "markEmpty" | null;
}

/** The first screen's model: the mark as it is being set, and the ways an import can start. */
export interface ImportModel {
  readonly store: StoreApi<Importing>;
  setMark(change: Partial<MarkSpec>): void;
  setTemplate(name: string | null): void;
  /** For example `JOBCODE`. */
  setValue(name: JobValueName, value: string): void;
  /** Each answers the job's id, or `null` when nothing was started. */
  importFolder(path: string): Promise<string | null>;
  importSamples(): Promise<string | null>;
  importDropped(read: () => Promise<readonly DroppedFile[]>): Promise<string | null>;
  chooseFolder(): Promise<string | null>;
  /** Stops taking dropped files in. */
  cancel(): void;
  dismissProblem(): void;
}

type ChosenMark = Pick<Request<"import.start">, "mark" | "template" | "values">;

export function createImportModel(client: CoreClient): ImportModel {
  const store: StoreApi<Importing> = createStore(() => ({
    mark: DEFAULT_MARK,
    defaultMark: DEFAULT_MARK,
    template: null,
    templates: [],
    values: {},
    activity: { name: "idle" },
    problem: null,
  }));
  let stop = new AbortController();
  let touched = false;

  const listTemplates = () =>
    client.call("templates.list", {}).then(
      ({ templates }) =>
        store.setState(({ template }) => ({
          templates,
          template: templates.some(({ name }) => name === template) ? template : null,
        })),
      () => {},
    );
  client.on("templates.changed", () => void listTemplates());
  client.onConnection((connected) => {
    if (!connected) return;
    void listTemplates();
    client.call("app.info", {}).then(
      ({ defaultMark }) =>
        store.setState((state) => ({ defaultMark, mark: touched ? state.mark : defaultMark })),
      () => {},
    );
  });

  /** The mark as it was set; nothing while it is the default, so that the core's own setting stays in force. */
  const chosenMark = (): ChosenMark | null => {
    const { mark, defaultMark, template } = store.getState();
    if (template !== null) return { template, ...saidOf(store.getState()) };
    if (!markSpecSchema.safeParse(mark).success) return null;
    return JSON.stringify(mark) === JSON.stringify(defaultMark) ? {} : { mark };
  };

  const run = async (
    activity: ImportActivity,
    work: (mark: ChosenMark) => Promise<string | null>,
  ): Promise<string | null> => {
    if (store.getState().activity.name !== "idle") return null;
    const mark = chosenMark();
    if (mark === null) {
      store.setState({ problem: "markEmpty" });
      return null;
    }
    stop = new AbortController();
    store.setState({ activity, problem: null });
    try {
      return await work(mark);
    } catch (error) {
      const appError = AppError.from(error);
      if (appError.code !== "aborted") store.setState({ problem: toErrorBody(appError) });
      return null;
    } finally {
      store.setState({ activity: { name: "idle" } });
    }
  };

  return {
    store,
    setMark(change) {
      touched = true;
      store.setState(({ mark }) => ({ mark: { ...mark, ...change } }));
    },
    setTemplate: (template) => store.setState({ template, problem: null }),
    setValue: (name, value) => store.setState(({ values }) => ({ values: { ...values, [name]: value } })),
    importFolder: (path) =>
      run({ name: "starting" }, async (mark) => (await client.call("import.start", { path, ...mark })).jobId),
    importSamples: () => run({ name: "making" }, async () => (await client.call("import.samples", {})).jobId),
    chooseFolder: () =>
      run({ name: "starting" }, async (mark) => {
        const { path } = await client.call("folder.choose", {});
        return path === null ? null : (await client.call("import.start", { path, ...mark })).jobId;
      }),
    importDropped: (read) =>
      run({ name: "reading" }, async (mark) => {
        const files = await read();
        if (files.length === 0) {
          store.setState({ problem: "dropEmpty" });
          return null;
        }
        const total = files.length;
        store.setState({ activity: { name: "handing", done: 0, total } });
        const { jobId } = await client.drop(files, {
          ...mark,
          signal: stop.signal,
          onProgress: (done) => store.setState({ activity: { name: "handing", done, total } }),
        });
        return jobId;
      }),
    cancel: () => stop.abort(),
    dismissProblem: () => store.setState({ problem: null }),
  };
}

/** What the chosen template asks for and the user has said. */
function saidOf({ template, templates, values }: Importing): Pick<ChosenMark, "values"> {
  const asks = templates.find(({ name }) => name === template)?.asks ?? [];
  const said = asks.flatMap((name) => {
    const value = (values[name] ?? "").trim();
    return value === "" ? [] : [[name, value] as const];
  });
  return said.length === 0 ? {} : { values: Object.fromEntries(said) };
}
