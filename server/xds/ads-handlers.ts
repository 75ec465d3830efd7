import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { Clock } from "#kernel/clock.ts";
import { AppError } from "#kernel/errors.ts";
import type { Logger } from "#kernel/logger.ts";
import { toConnectError } from "../rpc/error-table.ts";
import { Bell } from "../services/bell.ts";
import { type AdsRequest, AdsStream, type Offer } from "./ads-stream.ts";
import type { Node } from "./gen/envoy/config/core/v3/base_pb.ts";
import type { AggregatedDiscoveryService } from "./gen/envoy/service/discovery/v3/ads_pb.ts";
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryResponseSchema,
  type DiscoveryRequest,
  DiscoveryResponseSchema,
} from "./gen/envoy/service/discovery/v3/discovery_pb.ts";
import type { NodeRegistry } from "./node-registry.ts";
import { resourceTypeOf, TYPE_URLS } from "./resource-type.ts";
import type { Snapshots } from "./snapshots.ts";
import type { AdsVariant } from "./subscription.ts";

export interface AdsDeps {
  readonly snapshots: Snapshots;
  readonly nodes: NodeRegistry;
  readonly groupOf: (node: { readonly id: string; readonly agent: string }) => string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const MOST_STREAMS = 1_000;
/** Nothing is missed while waiting; looking again now and then costs nothing. */
const LOOK_AGAIN_MS = 60_000;
const CONTROL_PLANE = { identifier: "platemark" };

type AnyRequest = DiscoveryRequest | DeltaDiscoveryRequest;

/** `AggregatedDiscoveryService`: each stream has its own state, the snapshot of its node's group, and no queue. */
export function adsHandlers(deps: AdsDeps): ServiceImpl<typeof AggregatedDiscoveryService> {
  let streams = 0;
  async function* serve<M>(
    variant: AdsVariant,
    requests: AsyncIterable<AnyRequest>,
    context: HandlerContext,
    toMessage: (offer: Offer) => M,
  ): AsyncGenerator<M> {
    if (streams >= MOST_STREAMS) throw new ConnectError("Too many streams.", Code.ResourceExhausted);
    streams++;
    try {
      yield* serveStream(deps, variant, requests, context.signal, toMessage);
    } catch (error) {
      if (!context.signal.aborted)
        deps.logger.warn("xds.stream_failed", { reason: AppError.from(error).message });
      throw error;
    } finally {
      streams--;
    }
  }
  return {
    streamAggregatedResources: (requests, context) =>
      serve("state_of_the_world", requests, context, (offer) =>
        create(DiscoveryResponseSchema, stateOf(offer)),
      ),
    deltaAggregatedResources: (requests, context) =>
      serve("delta", requests, context, (offer) => create(DeltaDiscoveryResponseSchema, deltaOf(offer))),
  };
}

async function* serveStream<M>(
  deps: AdsDeps,
  variant: AdsVariant,
  requests: AsyncIterable<AnyRequest>,
  signal: AbortSignal,
  toMessage: (offer: Offer) => M,
): AsyncGenerator<M> {
  const { snapshots, nodes, clock } = deps;
  const stream = new AdsStream(variant);
  const bell = new Bell();
  using stack = new DisposableStack();
  const iterator = requests[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const { id, agent } = identify(first.value.node);
  const group = deps.groupOf({ id, agent });
  const logger = deps.logger.child({ node: id, group });
  stack.use(nodes.connect({ id, group, agent, variant }));
  logger.info("xds.connected", { agent, variant });
  stack.defer(() => logger.info("xds.disconnected"));
  stack.use(snapshots.onChange(() => bell.ring()));

  stream.setTarget(snapshots.get(group));
  const reading = { done: false, failure: null as unknown };
  const read = async () => {
    for (let next: IteratorResult<AnyRequest> = first; !next.done; next = await iterator.next()) {
      hear({ ...deps, logger }, stream, id, next.value);
      bell.ring();
    }
  };
  void read()
    .catch((error: unknown) => {
      reading.failure = error;
    })
    .finally(() => {
      reading.done = true;
      bell.ring();
    });
  while (!reading.done && !signal.aborted) {
    const seen = bell.rings;
    stream.setTarget(snapshots.get(group));
    const offer = stream.next();
    if (offer === null) {
      await bell.wait(seen, LOOK_AGAIN_MS, clock, signal);
      continue;
    }
    nodes.sent(id, offer.type, offer.version);
    logger.debug("xds.sent", { type: offer.type, version: offer.version, nonce: offer.nonce });
    yield toMessage(offer);
  }
  // The server stops, or the client has gone.
  signal.throwIfAborted();
  if (reading.failure !== null) throw toConnectError(reading.failure);
}

/** Takes in one request. Types that are not served here get no answer, as the protocol wants it. */
function hear(deps: AdsDeps, stream: AdsStream, id: string, message: AnyRequest): void {
  const { nodes, logger } = deps;
  const type = resourceTypeOf(message.typeUrl);
  if (type === undefined) {
    logger.debug("xds.type_unknown", { typeUrl: message.typeUrl.slice(0, 200) });
    return;
  }
  const request: AdsRequest = {
    type,
    nonce: message.responseNonce,
    refusal: message.errorDetail?.message.trim().replace(/\s*\n\s*/g, "; ") ?? null,
    names:
      "resourceNames" in message
        ? { all: message.resourceNames }
        : {
            more: message.resourceNamesSubscribe,
            less: message.resourceNamesUnsubscribe,
            known: new Map(Object.entries(message.initialResourceVersions)),
          },
  };
  const verdict = stream.request(request);
  if (verdict === "accepted") nodes.accepted(id, type);
  if (verdict === "refused") {
    nodes.refused(id, type, request.refusal ?? "");
    logger.warn("xds.refused", { type, nonce: request.nonce, reason: request.refusal });
  }
}

/** @throws ConnectError `invalid_argument` for a first request that does not say whose it is. */
function identify(node: Node | undefined): { readonly id: string; readonly agent: string } {
  if (!node?.id)
    throw toConnectError(new AppError("invalid_argument", "The first request must name its node."));
  return {
    id: node.id.slice(0, 200),
    agent: `${node.userAgentName} ${versionOf(node)}`.trim().slice(0, 200),
  };
}

/** gRPC's libraries write their version out, Envoy gives numbers. */
function versionOf({ userAgentVersionType: version }: Node): string {
  if (version.case === "userAgentVersion") return version.value;
  const { majorNumber, minorNumber, patch } = version.value?.version ?? {};
  return majorNumber === undefined ? "" : `${majorNumber}.${minorNumber}.${patch}`;
}

function stateOf(offer: Offer): MessageInitShape<typeof DiscoveryResponseSchema> {
  const { type, nonce, version, resources } = offer;
  return {
    typeUrl: TYPE_URLS[type],
    nonce,
    versionInfo: version,
    resources: resources.map(({ body }) => body),
    controlPlane: CONTROL_PLANE,
  };
}

function deltaOf(offer: Offer): MessageInitShape<typeof DeltaDiscoveryResponseSchema> {
  const { type, nonce, version, resources, removed } = offer;
  return {
    typeUrl: TYPE_URLS[type],
    nonce,
    systemVersionInfo: version,
    resources: resources.map(({ name, version: own, body }) => ({ name, version: own, resource: body })),
    removedResources: [...removed],
    controlPlane: CONTROL_PLANE,
  };
}
