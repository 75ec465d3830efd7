import { describe, expect, test } from "vitest";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { NodeRegistry } from "./node-registry.ts";

const node = (id: string) => ({ id, group: "envoy", agent: "envoy", variant: "delta" as const });

describe("the registry of nodes", () => {
  test("keeps a refusal until a later answer is accepted, and counts them", () => {
    const nodes = new NodeRegistry({ clock: new FakeClock(5) });
    using _connection = nodes.connect(node("a"));
    nodes.sent("a", "route", "v1");
    nodes.accepted("a", "route");
    nodes.sent("a", "route", "v2");
    nodes.refused("a", "route", "no");
    expect(nodes.reports[0]?.types.route).toEqual({
      sentVersion: "v2",
      acceptedVersion: "v1",
      refusal: { version: "v2", message: "no", atMs: 5 },
      refusals: 1,
    });
    nodes.sent("a", "route", "v3");
    nodes.accepted("a", "route");
    expect(nodes.reports[0]?.types.route).toMatchObject({
      acceptedVersion: "v3",
      refusal: null,
      refusals: 1,
    });
  });

  test("forgets the longest gone first, and nobody who is connected", () => {
    const nodes = new NodeRegistry({ clock: new FakeClock(0) });
    using _staying = nodes.connect(node("stays"));
    for (let at = 0; at < 1_001; at++) nodes.connect(node(`n${at}`))[Symbol.dispose]();
    const ids = nodes.reports.map(({ id }) => id);
    expect(ids).toHaveLength(1_000);
    expect(ids.slice(0, 2)).toEqual(["stays", "n2"]);
    expect(nodes.reports.filter(({ connected }) => connected).map(({ id }) => id)).toEqual(["stays"]);
  });

  test("keeps no more of a refusal's words than a line can hold", () => {
    const nodes = new NodeRegistry({ clock: new FakeClock(0) });
    using _connection = nodes.connect(node("a"));
    nodes.refused("a", "route", "x".repeat(100_000));
    expect(nodes.reports[0]?.types.route?.refusal?.message).toHaveLength(2_000);
  });
});
