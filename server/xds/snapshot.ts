import { createHash } from "node:crypto";
import type { Any } from "@bufbuild/protobuf/wkt";
import { AppError } from "#kernel/errors.ts";
import { REFERRERS, RESOURCE_TYPES, type ResourceType } from "./resource-type.ts";

/** One resource in the form that it is sent in. */
export interface XdsResource {
  readonly name: string;
  /** Of its bytes: the same resource has the same version in every snapshot and every process. */
  readonly version: string;
  readonly body: Any;
  /** Names, of the type that this type refers to, that must be there first. */
  readonly refers: readonly string[];
}

/** A configuration that is complete in itself: whatever a resource refers to is in it. */
export interface Snapshot {
  readonly version: string;
  readonly resources: Readonly<Record<ResourceType, ReadonlyMap<string, XdsResource>>>;
}

export interface SnapshotPart {
  readonly name: string;
  readonly body: Any;
  readonly refers?: readonly string[];
}

/** @throws AppError `config.invalid` for a name that stands twice, or that is referred to and not there. */
export function createSnapshot(
  parts: Readonly<Partial<Record<ResourceType, readonly SnapshotPart[]>>>,
): Snapshot {
  const resources = { cluster: new Map(), endpoints: new Map(), listener: new Map(), route: new Map() };
  for (const type of RESOURCE_TYPES)
    for (const { name, body, refers = [] } of parts[type] ?? []) {
      if (resources[type].has(name))
        throw new AppError("config.invalid", `Two resources of type ${type} are called “${name}”.`);
      resources[type].set(name, { name, version: digest(body.value), body, refers });
    }
  for (const [type, referrer] of Object.entries(REFERRERS) as [ResourceType, ResourceType][])
    for (const { name, refers } of resources[referrer].values())
      for (const wanted of refers)
        if (!resources[type].has(wanted))
          throw new AppError(
            "config.invalid",
            `The ${referrer} “${name}” names “${wanted}”, which is not there.`,
          );
  const version = digest(RESOURCE_TYPES.map((type) => contentVersion(resources[type])).join());
  return { version, resources };
}

export const EMPTY_SNAPSHOT: Snapshot = createSnapshot({});

/** One version for several resources, whatever their order. */
export function contentVersion(content: ReadonlyMap<string, XdsResource>): string {
  return digest(
    [...content.values()]
      .map(({ name, version }) => `${name}@${version}`)
      .sort()
      .join(),
  );
}

function digest(value: string | Uint8Array): string {
  return createHash("sha256").update(value).digest("hex").slice(0, 16);
}
