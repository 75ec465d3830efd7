/**
 * The rooms and who may import whom (docs/architecture.md). `root` is a prefix of every path, so that the same rules
 * judge the project and the deliberately illegal tree under test/fixtures/illegal, which proves that each rule fires.
 */
export interface Rule {
  readonly name: string;
  readonly comment: string;
  readonly severity: "error";
  readonly from: Record<string, unknown>;
  readonly to: Record<string, unknown>;
}

/** Composition roots: the only files that may import adapters and start the embedded server. */
export const ENTRY_FILES = [
  "server/connections\\.ts",
  "server/create-server\\.ts",
  "server/open-trust\\.ts",
  "server/open-certificate\\.ts",
  "server/operations\\.ts",
  "server/serve\\.ts",
  "server/workers/[a-z-]+-main\\.ts",
  "studio/embedded\\.ts",
  "studio/cli/",
  "studio/daemon/main\\.ts",
  "electron/main/index\\.ts",
  "electron/main/core-process\\.ts",
  "scripts/",
];

export function dependencyRules(root: string): readonly Rule[] {
  const rooms = (...names: string[]) => `^${root}(${names.join("|")})`;
  const own = rooms("bin/", "electron/", "renderer/", "scripts/", "server/", "shared/", "studio/");
  const entry = rooms(...ENTRY_FILES);
  const tests = "\\.test\\.tsx?$";
  /** `from` may import, of the project's own files, only `allowed`. */
  const only = (
    name: string,
    comment: string,
    from: string[],
    allowed: string[],
    except: string[] = [],
  ): Rule => ({
    name,
    comment,
    severity: "error",
    from: { path: rooms(...from), pathNot: [tests, ...except.map((path) => `^${root}${path}`)] },
    to: { path: own, pathNot: rooms(...allowed) },
  });
  return [
    {
      name: "kernel-imports-nothing",
      comment: "shared/kernel stands on nothing, packages included.",
      severity: "error",
      from: { path: rooms("shared/kernel/"), pathNot: tests },
      to: { pathNot: rooms("shared/kernel/") },
    },
    only(
      "contracts-import-kernel",
      "contracts → kernel",
      ["shared/contracts/"],
      ["shared/contracts/", "shared/kernel/"],
    ),
    only(
      "upload-imports-kernel-and-contracts",
      "upload → kernel, contracts",
      ["shared/upload/"],
      ["shared/upload/", "shared/kernel/", "shared/contracts/"],
    ),
    only(
      "template-imports-kernel-and-contracts",
      "template → kernel, contracts",
      ["shared/template/"],
      ["shared/template/", "shared/kernel/", "shared/contracts/"],
    ),
    only(
      "imaging-imports-kernel-contracts-compiled",
      "imaging → kernel, contracts, template's compiled type",
      ["shared/imaging/"],
      ["shared/imaging/", "shared/kernel/", "shared/contracts/", "shared/template/compiled\\.ts"],
    ),
    only("renderer-imports-shared", "renderer → shared", ["renderer/"], ["renderer/", "shared/"]),
    only(
      "preload-imports-contracts",
      "preload → shared/contracts",
      ["electron/preload/"],
      ["electron/preload/", "shared/contracts/", "shared/kernel/"],
    ),
    only(
      "studio-imports-shared",
      "studio → shared",
      ["studio/"],
      ["studio/", "shared/"],
      ["studio/embedded\\.ts", "studio/cli/", "studio/daemon/main\\.ts"],
    ),
    only(
      "main-imports-studio-and-shared",
      "electron/main → studio, shared",
      ["electron/main/"],
      ["electron/main/", "studio/", "shared/"],
      ["electron/main/index\\.ts", "electron/main/core-process\\.ts"],
    ),
    only(
      "edge-imports-services",
      "server/edge → rpc, services, shared",
      ["server/edge/"],
      ["server/edge/", "server/rpc/", "server/services/", "shared/"],
    ),
    only(
      "xds-imports-edge-and-rpc",
      "server/xds → edge (the HTTP server), rpc (what is registered), services, shared",
      ["server/xds/"],
      ["server/xds/", "server/edge/", "server/rpc/", "server/services/", "shared/"],
    ),
    {
      name: "only-entries-import-xds",
      comment: "The product works without Envoy and without a control plane.",
      severity: "error",
      from: { path: own, pathNot: [tests, entry, rooms("server/xds/")] },
      to: { path: rooms("server/xds/") },
    },
    only(
      "rpc-imports-services",
      "server/rpc → services, shared",
      ["server/rpc/"],
      ["server/rpc/", "server/services/", "shared/"],
    ),
    only(
      "workers-import-services",
      "server/workers → services, shared",
      ["server/workers/"],
      ["server/workers/", "server/services/", "server/connection-settings\\.ts", "shared/"],
      ["server/workers/[a-z-]+-main\\.ts"],
    ),
    only(
      "services-import-shared",
      "server/services → shared",
      ["server/services/"],
      ["server/services/", "shared/"],
    ),
    only(
      "adapters-import-ports",
      "adapters → service ports, shared",
      ["server/adapters/"],
      [
        "server/adapters/",
        "server/services/ports/",
        "server/sigv4/",
        "server/connection-settings\\.ts",
        "server/resource-path\\.ts",
        "shared/",
      ],
    ),
    only(
      "store-imports-sigv4",
      "store → sigv4, shared",
      ["server/store/"],
      ["server/store/", "server/sigv4/", "shared/"],
    ),
    {
      name: "only-entries-import-adapters",
      comment: "Which adapter is used is configuration; no code above the adapters knows.",
      severity: "error",
      from: { path: own, pathNot: [tests, entry, rooms("server/adapters/").slice(0)] },
      to: { path: rooms("server/adapters/") },
    },
    {
      name: "nothing-imports-test",
      comment: "test/ is nobody's dependency.",
      severity: "error",
      from: { path: own, pathNot: tests },
      to: { path: rooms("test/") },
    },
    {
      name: "shared-and-renderer-without-node",
      comment: "shared and renderer run in a page.",
      severity: "error",
      from: { path: rooms("shared/", "renderer/"), pathNot: tests },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "programs-without-dev-dependencies",
      comment: "What runs from source needs its packages in `dependencies`; the window is bundled.",
      severity: "error",
      from: { path: rooms("server/", "studio/", "shared/"), pathNot: tests },
      to: { dependencyTypes: ["npm-dev"] },
    },
    {
      name: "no-cycles",
      comment: "A cycle is one module pretending to be several.",
      severity: "error",
      from: { path: own },
      to: { circular: true },
    },
  ];
}
