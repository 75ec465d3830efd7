import {
  create,
  type DescMessage,
  type DescService,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { HeaderValueOption_HeaderAppendAction } from "../gen/envoy/config/core/v3/base_pb.ts";
import { XRateLimitHeadersRFCVersion } from "../gen/envoy/extensions/common/ratelimit/v3/ratelimit_pb.ts";
import { CorsSchema } from "../gen/envoy/extensions/filters/http/cors/v3/cors_pb.ts";
import { GrpcWebSchema } from "../gen/envoy/extensions/filters/http/grpc_web/v3/grpc_web_pb.ts";
import { HeaderMutationSchema } from "../gen/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb.ts";
import type { RequirementRuleSchema } from "../gen/envoy/extensions/filters/http/jwt_authn/v3/config_pb.ts";
import { JwtAuthenticationSchema } from "../gen/envoy/extensions/filters/http/jwt_authn/v3/config_pb.ts";
import { LocalRateLimitSchema } from "../gen/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.ts";
import { RouterSchema } from "../gen/envoy/extensions/filters/http/router/v3/router_pb.ts";
import type { HttpFilterSchema } from "../gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { FractionalPercent_DenominatorType } from "../gen/envoy/type/v3/percent_pb.ts";
import { duration } from "./durations.ts";
import type { EdgeConfig } from "./edge-config.ts";
import { methodRoutes } from "./method-routes.ts";
import { websocketMatch } from "./websocket-match.ts";

export const CORS_FILTER = "envoy.filters.http.cors";
/** What the token says of the caller, for those behind. Whatever a client sends under these names is dropped. */
const CALLER_HEADERS = { sub: "x-auth-user-id", scope: "x-auth-scope" } as const;
const PAYLOAD_HEADER = "x-auth-payload";
const PROVIDER = "platemark";
const SKEW_SECONDS = 5;
const EVERY = {
  defaultValue: { numerator: 100, denominator: FractionalPercent_DenominatorType.HUNDRED },
};

type FilterInit = MessageInitShape<typeof HttpFilterSchema>;

/** Where Envoy has the keys of tokens from: in the configuration, or a file of its own. */
export type TokenKeys = { readonly inline: string } | { readonly path: string };

/**
 * The way of a request through Envoy. Header mutation stands first, so that answers of the filters behind it (a
 * preflight, a refusal) carry `Vary` too, and so that nobody's own caller headers pass.
 */
export function httpFilters(
  services: readonly DescService[],
  config: EdgeConfig,
  keys: TokenKeys | null,
): FilterInit[] {
  return [
    filter("envoy.filters.http.header_mutation", HeaderMutationSchema, headerMutation()),
    filter(CORS_FILTER, CorsSchema, create(CorsSchema)),
    filter("envoy.filters.http.grpc_web", GrpcWebSchema, create(GrpcWebSchema)),
    ...(config.rateLimit === undefined
      ? []
      : [filter("envoy.filters.http.local_ratelimit", LocalRateLimitSchema, rateLimit(config.rateLimit))]),
    ...(config.tokens === undefined || keys === null
      ? []
      : [
          filter(
            "envoy.filters.http.jwt_authn",
            JwtAuthenticationSchema,
            jwtAuthentication(services, config.tokens, keys),
          ),
        ]),
    filter("envoy.filters.http.router", RouterSchema, create(RouterSchema)),
  ];
}

export function filter<D extends DescMessage>(name: string, schema: D, message: MessageShape<D>): FilterInit {
  return { name, configType: { case: "typedConfig", value: anyPack(schema, message) } };
}

function headerMutation() {
  return create(HeaderMutationSchema, {
    mutations: {
      requestMutations: [...Object.values(CALLER_HEADERS), PAYLOAD_HEADER].map((name) => ({
        action: { case: "remove" as const, value: name },
      })),
      responseMutations: [
        {
          action: {
            case: "append",
            value: {
              header: { key: "vary", value: "Origin" },
              // Our servers say it themselves, with what else their answer depends on; Envoy's own answers do not.
              appendAction: HeaderValueOption_HeaderAppendAction.ADD_IF_ABSENT,
            },
          },
        },
      ],
    },
  });
}

function rateLimit({ requests, seconds }: NonNullable<EdgeConfig["rateLimit"]>) {
  return create(LocalRateLimitSchema, {
    statPrefix: "edge_rate_limit",
    tokenBucket: { maxTokens: requests, tokensPerFill: requests, fillInterval: duration(seconds * 1_000) },
    filterEnabled: EVERY,
    filterEnforced: EVERY,
    enableXRatelimitHeaders: XRateLimitHeadersRFCVersion.DRAFT_VERSION_03,
    rateLimitedAsResourceExhausted: true,
  });
}

/** Who calls a method that needs no token, or opens a websocket (its token comes with its first message), is let
 *  through; our servers look at every token themselves all the same. */
function jwtAuthentication(
  services: readonly DescService[],
  { audiences, issuer = "" }: NonNullable<EdgeConfig["tokens"]>,
  keys: TokenKeys,
) {
  const open: MessageInitShape<typeof RequirementRuleSchema>[] = [
    ...services.map(({ typeName }) => ({ match: websocketMatch(`/${typeName}/`) })),
    ...methodRoutes(services)
      .filter(({ anonymous }) => anonymous)
      .map(({ path }) => ({ match: { pathSpecifier: { case: "path" as const, value: path } } })),
    { match: { pathSpecifier: { case: "path", value: "/healthz" } } },
  ];
  return create(JwtAuthenticationSchema, {
    providers: {
      [PROVIDER]: {
        issuer,
        audiences: [...audiences],
        requireExpiration: true,
        clockSkewSeconds: SKEW_SECONDS,
        jwksSourceSpecifier: {
          case: "localJwks",
          value: {
            specifier:
              "inline" in keys
                ? { case: "inlineString", value: keys.inline }
                : { case: "filename", value: keys.path },
          },
        },
        forward: true,
        forwardPayloadHeader: PAYLOAD_HEADER,
        claimToHeaders: Object.entries(CALLER_HEADERS).map(([claimName, headerName]) => ({
          claimName,
          headerName,
        })),
      },
    },
    rules: [
      ...open,
      {
        match: { pathSpecifier: { case: "prefix", value: "/" } },
        requirementType: {
          case: "requires",
          value: { requiresType: { case: "providerName", value: PROVIDER } },
        },
      },
    ],
    bypassCorsPreflight: true,
    // Why a token was refused is for logs (spec.md S10).
    stripFailureResponse: true,
  });
}
