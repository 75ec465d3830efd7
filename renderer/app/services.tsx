import { createContext, type ReactNode, useContext } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import type { CoreClient, Response } from "#contracts/ipc.ts";
import type { Clock } from "#kernel/clock.ts";
import { createImportModel, type ImportModel } from "../features/import/import-store.ts";
import { createJobsStore, type Jobs, type JobsStore } from "../features/job/jobs-store.ts";
import { createPicturesModel, type Pictures, type PicturesModel } from "../features/job/pictures-store.ts";
import { type ConnectionStore, createConnectionStore } from "./connection-store.ts";
import type { Navigation } from "./navigation-store.ts";
import type { Preferences, PreferencesStore } from "./preferences-store.ts";

export type AppInfo = Response<"app.info">;

/** Everything that screens share. Made once at the start. */
export interface Services {
  readonly client: CoreClient;
  readonly connection: ConnectionStore;
  readonly jobs: JobsStore;
  readonly importing: ImportModel;
  readonly navigation: Navigation;
  readonly preferences: PreferencesStore;
  /** The model of one job's pictures; the last one stays open, so that Compare and back keeps its place. */
  readonly pictures: (jobId: string) => PicturesModel;
}

export function createServices(deps: {
  readonly client: CoreClient;
  readonly clock: Clock;
  readonly navigation: Navigation;
  readonly preferences: PreferencesStore;
}): Services {
  const { client } = deps;
  let open: { readonly jobId: string; readonly model: PicturesModel } | null = null;
  return {
    ...deps,
    connection: createConnectionStore(client),
    jobs: createJobsStore(client),
    importing: createImportModel(client),
    pictures(jobId) {
      if (open?.jobId === jobId) return open.model;
      open?.model.close();
      open = { jobId, model: createPicturesModel(deps, jobId) };
      return open.model;
    },
  };
}

const ServicesContext = createContext<Services | null>(null);

export function ServicesProvider({ services, children }: { services: Services; children: ReactNode }) {
  return <ServicesContext value={services}>{children}</ServicesContext>;
}

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === null) throw new Error("A screen was rendered outside ServicesProvider.");
  return services;
}

export function usePreferences<T>(select: (preferences: Preferences) => T): T {
  return useStore(useServices().preferences, select);
}

export function useJobs<T>(select: (jobs: Jobs) => T): T {
  return useStore(useServices().jobs, useShallow(select));
}

export function usePictures<T>(model: PicturesModel, select: (pictures: Pictures) => T): T {
  return useStore(model.store, select);
}
