import { createStore, type StoreApi } from "zustand/vanilla";
import type { CoreClient, ItemView } from "#contracts/ipc.ts";
import type { Clock } from "#kernel/clock.ts";
import { AppError, type ErrorBody, toErrorBody } from "#kernel/errors.ts";
import {
  EMPTY_LIST,
  type PictureFilter,
  type PictureList,
  pagesOf,
  withChanges,
  withoutFarRows,
  withPage,
} from "./picture-list.ts";

export interface Pictures extends PictureList {
  readonly filter: PictureFilter;
  /** Place in the list, and the picture there once loaded. */
  readonly selected: number;
  readonly problem: ErrorBody | null;
}

/** One job's pictures: loads the pages around what is visible, keeps those rows true, lets the others go. */
export interface PicturesModel {
  readonly store: StoreApi<Pictures>;
  setFilter(filter: PictureFilter): void;
  select(index: number): void;
  /** Says what is visible, `end` exclusive. */
  show(start: number, end: number): void;
  /** Loads what is visible again. */
  refresh(): void;
  close(): void;
}

const PAGE = 100;
/** Milliseconds between two looks at a filtered list that changes. */
const REFRESH_MS = 800;
const MAX_REQUESTS = 3;

export function createPicturesModel(
  deps: { readonly client: CoreClient; readonly clock: Clock },
  jobId: string,
): PicturesModel {
  const { client, clock } = deps;
  const store: StoreApi<Pictures> = createStore(() => ({
    ...EMPTY_LIST,
    filter: "all",
    selected: 0,
    problem: null,
  }));
  const stop = new AbortController();
  let visible = { start: 0, end: PAGE };
  let generation = 0;
  let refreshing = false;
  /** Pages on their way, with the pictures that changed since they were asked for. */
  const asked = new Map<number, Map<string, ItemView>>();
  const stale = new Set<number>();
  /** Pages that came shorter than the list's length promised; asked for again in a while, not at once. */
  const short = new Set<number>();

  const load = async (page: number): Promise<void> => {
    const { filter } = store.getState();
    const mine = generation;
    const changes = new Map<string, ItemView>();
    asked.set(page, changes);
    stale.delete(page);
    try {
      const answer = await client.call("items.page", { jobId, filter, offset: page * PAGE, limit: PAGE });
      if (mine !== generation || stop.signal.aborted) return;
      asked.delete(page);
      if (answer.items.length < Math.min(PAGE, answer.total - page * PAGE)) {
        short.add(page);
        refreshSoon();
      }
      const items = answer.items.map((item) => changes.get(item.id) ?? item);
      store.setState((state) => ({
        ...withoutFarRows(withPage(state, page * PAGE, items, answer.total), visible, PAGE * 8),
        selected: Math.min(state.selected, Math.max(0, answer.total - 1)),
        problem: null,
      }));
    } catch (error) {
      if (mine !== generation || stop.signal.aborted) return;
      asked.delete(page);
      store.setState({ problem: toErrorBody(AppError.from(error)) });
      return;
    }
    pump();
  };

  const pump = (): void => {
    const { rows, total, known } = store.getState();
    for (const page of pagesOf(visible, PAGE, total || PAGE)) {
      if (asked.size >= MAX_REQUESTS) return;
      if (asked.has(page) || short.has(page)) continue;
      const last = Math.min(page * PAGE + PAGE, total) - 1;
      const missing = total > 0 && !(rows.has(page * PAGE) && rows.has(last));
      if (!known || missing || stale.has(page)) void load(page);
    }
  };

  /** A filtered list's places shift with every change; it is asked for again, but not more than once in a while. */
  const refreshSoon = (): void => {
    if (refreshing) return;
    refreshing = true;
    clock.sleep(REFRESH_MS, { signal: stop.signal }).then(
      () => {
        refreshing = false;
        refresh();
      },
      () => {},
    );
  };

  const refresh = (): void => {
    short.clear();
    stale.add(0);
    for (const index of store.getState().rows.keys()) stale.add(Math.floor(index / PAGE));
    pump();
  };

  const unsubscribe = [
    client.on("items.changed", ({ jobId: changedJob, items }) => {
      if (changedJob !== jobId) return;
      for (const changes of asked.values()) for (const item of items) changes.set(item.id, item);
      store.setState((state) => withChanges(state, items));
      if (store.getState().filter !== "all") refreshSoon();
    }),
    client.on("job.changed", ({ job }) => {
      if (job.id !== jobId || store.getState().filter !== "all") return;
      const { total, known } = store.getState();
      if (!known || job.found === total) return;
      store.setState({ total: job.found });
      pump();
    }),
    client.onConnection((connected) => {
      if (connected) refresh();
    }),
  ];

  return {
    store,
    setFilter(filter) {
      if (filter === store.getState().filter) return;
      generation += 1;
      asked.clear();
      stale.clear();
      short.clear();
      visible = { start: 0, end: PAGE };
      store.setState({ ...EMPTY_LIST, filter, selected: 0, problem: null });
      pump();
    },
    select: (selected) =>
      store.setState(({ total }) => ({ selected: Math.max(0, Math.min(selected, total - 1)) })),
    show(start, end) {
      visible = { start, end };
      pump();
    },
    refresh,
    close() {
      stop.abort();
      for (const end of unsubscribe) end();
    },
  };
}
