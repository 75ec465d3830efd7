import { expect, test } from "vitest";
import { statusLines } from "./xds-command.ts";

const accepted = {
  sentVersion: "0123456789abcdef",
  acceptedVersion: "0123456789abcdef",
  refusal: null,
  refusals: 0,
};

test("a control plane that nobody has come to says so", () => {
  expect(statusLines({ configError: "", snapshots: {}, nodes: [] })).toEqual([
    "No Envoy or client has come yet.",
  ]);
});

test("a node has a line with what is in force, and one for each type that it refuses, in its words", () => {
  const refusal = { version: "fedcba9876543210", message: "no such filter", atMs: 0 };
  const lines = statusLines({
    configError: "edge.json is wrong at “releases”: too small.",
    snapshots: {},
    nodes: [
      {
        id: "edge-1",
        group: "envoy",
        agent: "envoy 1.40.0",
        variant: "delta",
        connected: true,
        types: { cluster: accepted, listener: { ...accepted, acceptedVersion: "", refusal, refusals: 2 } },
      },
    ],
  });
  expect(lines).toEqual([
    "The file is bad, the last good one is in force: edge.json is wrong at “releases”: too small.",
    "edge-1 (envoy, envoy 1.40.0) connected: cluster 01234567, listener –",
    "  refuses listener fedcba98: no such filter",
  ]);
});
