import type { DescService } from "@bufbuild/protobuf";
import { file_platemark_v1_errors } from "#gen/errors_pb.ts";
import { file_google_rpc_error_details } from "#standard/google/rpc/error_details_pb.ts";
import { ServerReflection } from "#standard/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as AlphaReflection } from "#standard/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "#standard/health/v1/health_pb.ts";
import { Reflection } from "./reflection.ts";
import type { RpcMethods } from "./rpc-methods.ts";
import { type StandardHealthDeps, standardHealth } from "./standard-health.ts";

/** Adds the services that every gRPC server is asked for: health, and where it is wanted reflection, for those that the
 *  methods are of by then. */
export function addOperationsServices(
  methods: RpcMethods,
  deps: Omit<StandardHealthDeps, "services">,
  options: { readonly reflection: boolean },
): void {
  const services = new Set<DescService>(methods.all.map(({ handler }) => handler.service));
  const names = [...services].map(({ typeName }) => typeName);
  methods.service(Health, standardHealth({ ...deps, services: () => names }));
  if (!options.reflection) return;
  const reflection = new Reflection(
    [...services, Health, ServerReflection, AlphaReflection],
    [file_platemark_v1_errors, file_google_rpc_error_details],
  );
  async function* answers<R extends Parameters<Reflection["answer"]>[0] & { readonly host: string }>(
    requests: AsyncIterable<R>,
  ) {
    for await (const originalRequest of requests)
      yield {
        validHost: originalRequest.host,
        originalRequest,
        messageResponse: reflection.answer(originalRequest),
      };
  }
  methods.service(ServerReflection, { serverReflectionInfo: answers });
  // The older name of the same, which most tools still ask first.
  methods.service(AlphaReflection, {
    serverReflectionInfo: (requests) => answers(requests as never) as never,
  });
}
