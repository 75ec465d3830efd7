import { create } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ModelXdsClient } from "../../test/support/model-xds-client.ts";
import { AdsStream } from "./ads-stream.ts";
import { RESOURCE_TYPES } from "./resource-type.ts";
import { createSnapshot, type Snapshot } from "./snapshot.ts";
import type { AdsVariant } from "./subscription.ts";

const body = (text: string) => create(AnySchema, { value: new TextEncoder().encode(text) });

/** `clusters` by name with a version; each route names some of them, the one listener all routes. */
function snapshotOf(
  clusters: Readonly<Record<string, number>>,
  routes: Readonly<Record<string, readonly string[]>>,
  { endpoints = 0, listener = 0 } = {},
): Snapshot {
  return createSnapshot({
    cluster: Object.entries(clusters).map(([name, version]) => ({
      name,
      body: body(`${name} ${version}`),
      refers: [`${name}-ends`],
    })),
    endpoints: Object.keys(clusters).map((name) => ({
      name: `${name}-ends`,
      body: body(`${name} ${endpoints}`),
    })),
    listener: [
      { name: "edge", body: body(`edge ${listener} ${Object.keys(routes)}`), refers: Object.keys(routes) },
    ],
    route: Object.entries(routes).map(([name, refers]) => ({
      name,
      body: body(`${name} ${refers}`),
      refers,
    })),
  });
}

const VARIANTS: readonly AdsVariant[] = ["state_of_the_world", "delta"];
const snapshots = fc
  .record({
    clusters: fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 0, max: 2 }), {
      minKeys: 1,
      noNullPrototype: true,
    }),
    routes: fc.uniqueArray(fc.constantFrom("r", "s"), { minLength: 1 }),
    picks: fc.array(fc.nat(), { minLength: 2, maxLength: 2 }),
    endpoints: fc.integer({ min: 0, max: 2 }),
    listener: fc.integer({ min: 0, max: 1 }),
  })
  .map(({ clusters, routes, picks, endpoints, listener }) => {
    const names = Object.keys(clusters);
    const refers = routes.map((_, at) => names.filter((_name, bit) => (picks[at]! >> bit) % 2 === 0));
    const byRoute = Object.fromEntries(routes.map((name, at) => [name, refers[at]!]));
    return snapshotOf(clusters, byRoute, { endpoints, listener });
  });
type Step = { readonly snapshot: Snapshot } | "serve" | "arrive" | "take" | "wholly" | "partly";
const steps = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: snapshots.map((snapshot): Step => ({ snapshot })) },
    { weight: 9, arbitrary: fc.constantFrom<Step>("serve", "arrive", "take") },
    { weight: 2, arbitrary: fc.constantFrom<Step>("wholly", "partly") },
  ),
  { maxLength: 120 },
);

function walk(client: ModelXdsClient, sequence: readonly Step[]): void {
  for (const step of sequence) {
    if (typeof step === "object") client.stream.setTarget(step.snapshot);
    else if (step === "serve") client.serve();
    else if (step === "arrive") client.arrive();
    else client.take(step === "take" ? false : step);
  }
}

describe.each(VARIANTS)("an ADS stream (%s)", (variant) => {
  test("never leaves a route without its clusters and their endpoints, and ends at the target", () => {
    fc.assert(
      fc.property(steps, snapshots, snapshots, (sequence, between, last) => {
        const client = new ModelXdsClient(variant);
        walk(client, sequence);
        client.settle();
        // What was refused is not tried again until it is another.
        client.stream.setTarget(between);
        client.settle();
        client.stream.setTarget(snapshotOf({ z: 0 }, { r: ["z"] }, { endpoints: 9, listener: 9 }));
        client.settle();
        client.stream.setTarget(last);
        client.settle();
        client.expect(last);
        expect(client.stream.next()).toBeNull();
      }),
      { numRuns: 400 },
    );
  });

  test("brings one who comes back to the target, wherever the line broke", () => {
    fc.assert(
      fc.property(steps, steps, snapshots, snapshots, (before, after, between, last) => {
        const client = new ModelXdsClient(variant);
        walk(client, before);
        client.reconnect();
        client.stream.setTarget(between);
        walk(
          client,
          after.filter((step) => step !== "wholly" && step !== "partly"),
        );
        client.settle();
        client.stream.setTarget(last);
        client.settle();
        client.expect(last);
      }),
      { numRuns: 200 },
    );
  });

  test("keeps to the protocol whatever a client says", () => {
    const names = fc.array(fc.constantFrom("*", "a", "b", "a-ends", "r", "edge", "nobody"), { maxLength: 4 });
    const nonsense = fc.record({
      type: fc.constantFrom(...RESOURCE_TYPES),
      nonce: fc.constantFrom("", "1", "2", "3", "4", "17", "x"),
      refusal: fc.constantFrom(null, null, "no"),
      more: names,
      less: names,
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(nonsense, snapshots), { maxLength: 60 }), (sequence) => {
        const stream = new AdsStream(variant);
        let last = 0;
        for (const step of sequence) {
          if ("resources" in step) stream.setTarget(step);
          else {
            const { more, less, ...rest } = step;
            const known = new Map(less.map((name) => [name, "old"]));
            stream.request({ ...rest, names: variant === "delta" ? { more, less, known } : { all: more } });
          }
          const types = new Set<string>();
          for (let offer = stream.next(); offer !== null; offer = stream.next()) {
            expect(types.has(offer.type)).toBe(false);
            types.add(offer.type);
            expect(Number(offer.nonce)).toBeGreaterThan(last);
            last = Number(offer.nonce);
            const { type } = offer;
            expect(offer.resources.every(({ name }) => stream.subscription(type)?.wants(name))).toBe(true);
            expect(offer.resources.every(({ body: sent }) => sent.value.length > 0)).toBe(true);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test("says nothing again that has not changed", () => {
    fc.assert(
      fc.property(fc.array(snapshots, { maxLength: 8 }), (sequence) => {
        const client = new ModelXdsClient(variant);
        for (const snapshot of sequence) {
          client.stream.setTarget(snapshot);
          client.settle();
          const { length } = client.offers;
          client.stream.setTarget({ ...snapshot });
          client.settle();
          expect(client.offers).toHaveLength(length);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("goes cluster, endpoints, listener, route, and takes a cluster away only after its routes", () => {
    const client = new ModelXdsClient(variant);
    client.stream.setTarget(snapshotOf({ a: 0 }, { r: ["a"] }));
    client.settle();
    client.stream.setTarget(snapshotOf({ b: 0 }, { r: ["b"] }));
    client.settle();
    const order = client.offers.map(({ type, resources }) => [
      type,
      ...resources.map(({ name }) => name).sort(),
    ]);
    const delta = variant === "delta";
    expect(order).toEqual([
      ["cluster", "a"],
      ["endpoints", "a-ends"],
      ["listener", "edge"],
      ["route", "r"],
      ["cluster", ...(delta ? ["b"] : ["a", "b"])],
      ["endpoints", ...(delta ? ["b-ends"] : ["a-ends", "b-ends"])],
      ["route", "r"],
      ["cluster", ...(delta ? [] : ["b"])],
      // Delta says of endpoints, too, that they are no more.
      ...(delta ? [["endpoints"]] : []),
    ]);
  });

  test("holds listeners and routes back while clusters are refused, and goes on with the next snapshot", () => {
    const client = new ModelXdsClient(variant);
    const good = snapshotOf({ a: 0 }, { r: ["a"] });
    client.stream.setTarget(good);
    client.settle();
    client.stream.setTarget(snapshotOf({ a: 0, b: 1 }, { r: ["b"] }));
    client.serve();
    client.take("wholly");
    const { length } = client.offers;
    client.settle();
    expect(client.offers).toHaveLength(length);
    client.expect(good);
    const mended = snapshotOf({ a: 0, b: 2 }, { r: ["b"] });
    client.stream.setTarget(mended);
    client.settle();
    client.expect(mended);
  });

  test.each(["wholly", "partly"] as const)(
    "mends a client that has %s refused additions and removals",
    (how) => {
      const client = new ModelXdsClient(variant);
      client.stream.setTarget(snapshotOf({ a: 0, gone: 0 }, { r: ["a"] }));
      client.settle();
      client.stream.setTarget(snapshotOf({ a: 0, bad: 1, good: 1 }, { r: ["a"] }));
      client.serve();
      client.take(how);
      client.settle();
      const mended = snapshotOf({ a: 0, good: 1 }, { r: ["a", "good"] });
      client.stream.setTarget(mended);
      client.settle();
      client.expect(mended);
    },
  );

  test("goes back to what was in force when what was refused is taken back", () => {
    const client = new ModelXdsClient(variant);
    const good = snapshotOf({ a: 0 }, { r: ["a"] });
    client.stream.setTarget(good);
    client.settle();
    client.stream.setTarget(snapshotOf({ a: 1 }, { r: ["a"] }));
    client.serve();
    client.take("wholly");
    client.settle();
    client.stream.setTarget(good);
    client.settle();
    client.expect(good);
    expect(client.offers.at(-1)).toMatchObject({ version: client.offers[0]!.version });
  });

  test("sends endpoints again to a cluster that has changed, which waits for them", () => {
    const client = new ModelXdsClient(variant);
    client.stream.setTarget(snapshotOf({ a: 0 }, { r: ["a"] }));
    client.settle();
    client.stream.setTarget(snapshotOf({ a: 1 }, { r: ["a"] }));
    const { length } = client.offers;
    client.settle();
    expect(client.offers.slice(length).map(({ type }) => type)).toEqual(["cluster", "endpoints"]);
  });

  test("owes a client that is slow no more than the newest", () => {
    const client = new ModelXdsClient(variant);
    client.stream.setTarget(snapshotOf({ a: 0 }, { r: ["a"] }));
    client.settle();
    const { length } = client.offers;
    for (let endpoints = 1; endpoints <= 1_000; endpoints++)
      client.stream.setTarget(snapshotOf({ a: 0 }, { r: ["a"] }, { endpoints }));
    client.settle();
    expect(client.offers).toHaveLength(length + 1);
    client.expect(snapshotOf({ a: 0 }, { r: ["a"] }, { endpoints: 1_000 }));
  });

  test("gives up on a client that wants more names than there can be", () => {
    const many = Array.from({ length: 10_001 }, (_, at) => `n${at}`);
    const names = variant === "delta" ? { more: many, less: [], known: new Map() } : { all: many };
    const stream = new AdsStream(variant);
    expect(() => stream.request({ type: "route", nonce: "", refusal: null, names })).toThrowError(
      /More than/,
    );
  });
});

describe("state of the world", () => {
  const ask = (stream: AdsStream, type: "cluster" | "route" | "endpoints", all: string[], nonce = "") =>
    stream.request({ type, nonce, refusal: null, names: { all } });

  test("ignores what is said of an answer that is not the last", () => {
    const stream = new AdsStream("state_of_the_world");
    stream.setTarget(snapshotOf({ a: 0, b: 0 }, { r: ["a"] }));
    ask(stream, "endpoints", ["a-ends"]);
    const first = stream.next()!;
    expect(ask(stream, "endpoints", ["a-ends"], first.nonce)).toBe("accepted");
    stream.setTarget(snapshotOf({ a: 0, b: 0 }, { r: ["a"] }, { endpoints: 1 }));
    const second = stream.next()!;
    expect(ask(stream, "endpoints", ["a-ends", "b-ends"], first.nonce)).toBe("stale");
    expect(stream.next()).toBeNull();
    expect(ask(stream, "endpoints", ["a-ends", "b-ends"], second.nonce)).toBe("accepted");
    expect(stream.next()?.resources.map(({ name }) => name)).toEqual(["a-ends", "b-ends"]);
  });

  test("answers again when names grow, not when they shrink", () => {
    const stream = new AdsStream("state_of_the_world");
    stream.setTarget(snapshotOf({ a: 0, b: 0 }, { r: ["a"] }));
    ask(stream, "cluster", ["a", "b"]);
    const { nonce } = stream.next()!;
    ask(stream, "cluster", ["a"], nonce);
    expect(stream.next()).toBeNull();
    ask(stream, "cluster", ["a", "b"], nonce);
    expect(stream.next()?.resources.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  test("takes an empty list for all only from one who has never named any", () => {
    const stream = new AdsStream("state_of_the_world");
    stream.setTarget(snapshotOf({ a: 0, b: 0 }, { r: ["a"] }));
    ask(stream, "cluster", ["a"]);
    const { nonce } = stream.next()!;
    ask(stream, "cluster", [], nonce);
    stream.setTarget(snapshotOf({ a: 1, b: 1 }, { r: ["a"] }));
    expect(stream.next()).toBeNull();
    ask(stream, "cluster", ["*"], nonce);
    expect(stream.next()?.resources).toHaveLength(2);
  });

  test("gives routes to one who asks for clusters by name, as gRPC clients do, before their clusters", () => {
    const stream = new AdsStream("state_of_the_world");
    stream.setTarget(snapshotOf({ a: 0 }, { r: ["a"] }));
    ask(stream, "cluster", ["a"]);
    const cluster = stream.next()!;
    ask(stream, "cluster", ["a"], cluster.nonce);
    ask(stream, "route", ["r"]);
    ask(stream, "endpoints", ["a-ends"]);
    expect([stream.next()?.type, stream.next()?.type]).toEqual(["endpoints", undefined]);
  });
});

describe("delta", () => {
  const change = (
    stream: AdsStream,
    type: "cluster" | "route" | "endpoints",
    more: string[],
    { less = [] as string[], nonce = "", known = {} as Record<string, string> } = {},
  ) =>
    stream.request({
      type,
      nonce,
      refusal: null,
      names: { more, less, known: new Map(Object.entries(known)) },
    });

  test("sends one who comes back only what he does not have, and what is gone", () => {
    const stream = new AdsStream("delta");
    const snapshot = snapshotOf({ a: 0, b: 0 }, { r: ["a"] });
    stream.setTarget(snapshot);
    const version = snapshot.resources.cluster.get("a")!.version;
    change(stream, "cluster", [], { known: { a: version, b: "old", c: "gone" } });
    expect(stream.next()).toMatchObject({ resources: [{ name: "b" }], removed: ["c"] });
  });

  test("says of a name that there is nothing, once, and gives it when it comes", () => {
    const stream = new AdsStream("delta");
    stream.setTarget(snapshotOf({ a: 0 }, { r: ["a"] }));
    change(stream, "endpoints", ["b-ends"]);
    const offer = stream.next()!;
    expect(offer).toMatchObject({ resources: [], removed: ["b-ends"] });
    change(stream, "endpoints", [], { nonce: offer.nonce });
    expect(stream.next()).toBeNull();
    stream.setTarget(snapshotOf({ a: 0, b: 0 }, { r: ["a"] }));
    expect(stream.next()).toMatchObject({ resources: [{ name: "b-ends" }], removed: [] });
  });

  test("sends a name again that is subscribed again, and nothing more of one that is not wanted any more", () => {
    const stream = new AdsStream("delta");
    stream.setTarget(snapshotOf({ a: 0, b: 0 }, { r: ["a"] }));
    change(stream, "endpoints", ["a-ends", "b-ends"]);
    const { nonce } = stream.next()!;
    change(stream, "endpoints", ["a-ends"], { less: ["b-ends"], nonce });
    expect(stream.next()?.resources.map(({ name }) => name)).toEqual(["a-ends"]);
  });
});

test("a snapshot that names what is not in it, or one name twice, is none", () => {
  expect(() => snapshotOf({ a: 0 }, { r: ["b"] })).toThrowError(/names “b”/);
  expect(() => createSnapshot({ route: [1, 2].map(() => ({ name: "r", body: body("") })) })).toThrowError(
    /Two resources/,
  );
});
