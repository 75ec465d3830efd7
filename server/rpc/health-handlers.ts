import type { ServiceImpl } from "@connectrpc/connect";
import type { HealthService } from "#gen/health_pb.ts";
import type { Health } from "../services/health.ts";
import { callerKey } from "./call-context.ts";

/** Answers without a token: a client whose clock is off needs the server's time before it can have one. */
export function healthHandlers(health: Health): ServiceImpl<typeof HealthService> {
  return {
    async check(_request, context) {
      const report = await health.check({ signal: context.signal });
      return {
        serving: report.serving,
        serverId: report.serverId,
        version: report.version,
        nowMs: BigInt(report.nowMs),
        multipartThreshold: BigInt(report.multipartThreshold),
        // Messages name addresses inside; they are for callers who are known.
        components: report.components.map(({ name, serving, message }) => ({
          name,
          serving,
          message: context.values.get(callerKey) === null ? "" : message,
        })),
      };
    },
  };
}
