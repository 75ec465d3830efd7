import { readdirSync } from "node:fs";
import type { DescFile, DescMethod } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { systemClock } from "#kernel/clock.ts";
import { ALL_SCOPES } from "../services/principal.ts";
import { policyOf } from "./method-policy.ts";
import { createRouter, type RouterDeps } from "./router.ts";

const FOLDER = new URL("../../shared/contracts/gen/platemark/v1/", import.meta.url);

/** Every service of every proto file, whether it is registered or not. */
async function allMethods(): Promise<DescMethod[]> {
  const methods: DescMethod[] = [];
  for (const name of readdirSync(FOLDER)) {
    const generated: Record<string, unknown> = await import(new URL(name, FOLDER).href);
    for (const [exported, value] of Object.entries(generated))
      if (exported.startsWith("file_"))
        for (const service of (value as DescFile).services) methods.push(...service.methods);
  }
  return methods;
}

const named = ({ parent, name }: DescMethod) => `${parent.typeName}/${name}`;

describe("the policy of a method", () => {
  test("is there for every method of every service", async () => {
    const methods = await allMethods();
    expect(methods.length).toBeGreaterThan(15);
    const registered = createRouter({} as RouterDeps, {
      shutdown: new AbortController().signal,
      clock: systemClock,
    });
    methods.push(...registered.all.map(({ spec }) => spec.method));
    expect(methods.filter((method) => policyOf(method) === null).map(named)).toEqual([]);
  });

  test("names a scope that tokens can hold, or lets everybody in, and not both", async () => {
    for (const method of await allMethods()) {
      const { scope, anonymous } = policyOf(method)!;
      expect([named(method), anonymous ? scope === "" : ALL_SCOPES.includes(scope)]).toEqual([
        named(method),
        true,
      ]);
    }
  });

  test("lets nobody but operators at what operators do, and everybody at the health alone", async () => {
    const methods = await allMethods();
    const of = (scope: string) => methods.filter((method) => policyOf(method)?.scope === scope).map(named);
    expect(new Set(of("admin").map((name) => name.split("/")[0]))).toEqual(
      new Set(["platemark.v1.AdminService"]),
    );
    expect(of("")).toEqual(["platemark.v1.HealthService/Check"]);
  });
});
